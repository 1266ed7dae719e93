/// Reading addresses from the wire: without a `String` and without the C library.
extension IPAddress {
    /// Reads `192.0.2.1` or `2001:db8::1` (RFC 4291 section 2.2; no brackets, no zone). An IPv4
    /// number has no zeros in front: they are octal to some readers.
    public init?(parsing text: Span<UInt8>) {
        guard text.count <= 45 else { return nil }
        if text.firstIndex(of: UInt8(ascii: ":")) == nil {
            guard let bits = Self.parseV4(text) else { return nil }
            self.init(v4: bits)
            return
        }
        guard let words = Self.parseV6(text) else { return nil }
        self.init(high: words.high, low: words.low)
    }

    private static func parseV4(_ text: Span<UInt8>) -> UInt32? {
        var bits: UInt32 = 0
        var start = 0
        var parts = 0
        while true {
            let end = text.firstIndex(of: UInt8(ascii: "."), from: start) ?? text.count
            let part = text.extracting(start..<end)
            guard part.count <= 3, let number = part.decimal, number <= 255 else { return nil }
            guard part.count == 1 || part[0] != UInt8(ascii: "0") else { return nil }
            bits = bits << 8 | UInt32(number)
            parts += 1
            if end == text.count { break }
            guard parts < 4 else { return nil }
            start = end + 1
        }
        return parts == 4 ? bits : nil
    }

    private static func parseV6(_ text: Span<UInt8>) -> (high: UInt64, low: UInt64)? {
        var groups = InlineArray<8, UInt16>(repeating: 0)
        var count = 0
        var gap: Int?
        var index = 0
        if text.count >= 2, text[0] == UInt8(ascii: ":") {
            guard text[1] == UInt8(ascii: ":") else { return nil }
            gap = 0
            index = 2
        }
        while index < text.count {
            let end = text.firstIndex(of: UInt8(ascii: ":"), from: index) ?? text.count
            let part = text.extracting(index..<end)
            if end == text.count, part.firstIndex(of: UInt8(ascii: ".")) != nil {
                guard count <= 6, let bits = parseV4(part) else { return nil }
                groups[count] = UInt16(truncatingIfNeeded: bits >> 16)
                groups[count + 1] = UInt16(truncatingIfNeeded: bits)
                count += 2
                break
            }
            guard count < 8, let group = parseGroup(part) else { return nil }
            groups[count] = group
            count += 1
            if end == text.count { break }
            index = end + 1
            guard index < text.count else { return nil }
            if text[index] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = count
                index += 1
            }
        }
        return assemble(groups, count, gap)
    }

    private static func parseGroup(_ text: Span<UInt8>) -> UInt16? {
        guard text.count >= 1, text.count <= 4 else { return nil }
        var value: UInt16 = 0
        var index = 0
        while index < text.count {
            let digit = text[index].asciiLowercased
            switch digit {
            case 0x30...0x39: value = value << 4 | UInt16(digit - 0x30)
            case 0x61...0x66: value = value << 4 | UInt16(digit - 0x61 + 10)
            default: return nil
            }
            index += 1
        }
        return value
    }

    /// Puts the zeros that `::` stands for in their place; it stands for one group at least.
    private static func assemble(
        _ groups: InlineArray<8, UInt16>, _ count: Int, _ gap: Int?
    ) -> (high: UInt64, low: UInt64)? {
        guard gap == nil ? count == 8 : count < 8 else { return nil }
        let zeros = 8 - count
        var words = InlineArray<2, UInt64>(repeating: 0)
        for place in 0..<8 {
            var group: UInt16 = 0
            if let gap, place >= gap {
                if place >= gap + zeros { group = groups[place - zeros] }
            } else {
                group = groups[place]
            }
            words[place / 4] = words[place / 4] << 16 | UInt64(group)
        }
        return (words[0], words[1])
    }
}
