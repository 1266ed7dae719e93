/// An IPv4 or IPv6 address, without a zone.
///
/// An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) *is* the IPv4 address, so that a peer of a dual-stack
/// socket matches the ranges written for it.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// The sixteen bytes in network order, IPv4 in its mapped form.
    public let high: UInt64
    public let low: UInt64

    public static let loopback = IPAddress(ipv4: 0x7f00_0001)

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(ipv4 address: UInt32) {
        self.init(high: 0, low: 0xffff_0000_0000 | UInt64(address))
    }

    public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    /// Reads dotted decimal, or IPv6 as RFC 4291 section 2.2 writes it, without brackets or zone.
    public init?(_ text: String) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let groups = Self.groups(text) else { return nil }
            self.init(high: Self.joined(groups[0..<4]), low: Self.joined(groups[4..<8]))
        } else {
            guard let address = Self.dotted(text[...]) else { return nil }
            self.init(ipv4: address)
        }
    }

    private static func joined(_ groups: ArraySlice<UInt16>) -> UInt64 {
        groups.reduce(0) { $0 << 16 | UInt64($1) }
    }

    private static func dotted(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard part.utf8.count <= 3, part.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
                let byte = UInt8(part), part.utf8.count == 1 || part.utf8.first != 0x30
            else { return nil }
            address = address << 8 | UInt32(byte)
        }
        return address
    }

    /// The eight groups; `::` stands for at least one group of zeros and occurs at most once.
    private static func groups(_ text: String) -> [UInt16]? {
        guard text.utf8.count <= 45 else { return nil }
        guard let gap = gap(in: text) else {
            guard let all = run(text[...]), all.count == 8 else { return nil }
            return all
        }
        let front = text[..<gap]
        let back = text[text.utf8.index(gap, offsetBy: 2)...]
        guard let head = front.isEmpty ? [] : run(front, allowsDotted: false),
            let tail = back.isEmpty ? [] : run(back), head.count + tail.count <= 7
        else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    private static func gap(in text: String) -> String.Index? {
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.utf8.index(after: index)
            if text.utf8[index] == UInt8(ascii: ":"), next < text.endIndex,
                text.utf8[next] == UInt8(ascii: ":")
            {
                return index
            }
            index = next
        }
        return nil
    }

    private static func run(_ text: Substring, allowsDotted: Bool = true) -> [UInt16]? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if allowsDotted, index == parts.count - 1, part.utf8.contains(UInt8(ascii: ".")) {
                guard let address = dotted(part) else { return nil }
                groups.append(UInt16(truncatingIfNeeded: address >> 16))
                groups.append(UInt16(truncatingIfNeeded: address))
            } else {
                guard (1...4).contains(part.utf8.count),
                    part.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    /// Dotted decimal, or IPv6 in the canonical form of RFC 5952.
    public var description: String {
        if isIPv4 {
            return [24, 16, 8, 0].map { String(low >> UInt64($0) & 0xff) }.joined(separator: ".")
        }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - index % 4 * 16))
        }
        let zeros = Self.longestZeros(groups)
        guard zeros.count > 1 else { return Self.written(groups[...]) }
        let front = Self.written(groups[..<zeros.lowerBound])
        return front + "::" + Self.written(groups[zeros.upperBound...])
    }

    private static func written(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0...8 {
            if index < 8, groups[index] == 0 { continue }
            if index - start > best.count { best = start..<index }
            start = index + 1
        }
        return best
    }
}
