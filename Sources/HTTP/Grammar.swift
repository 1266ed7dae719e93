import Kernel

/// The character classes of RFC 9110 section 5 and RFC 9112, as far as they are not in `Kernel`.
extension UInt8 {
    /// The value of a hexadecimal digit, 255 for every other byte.
    @inline(__always)
    var hexValue: UInt8 {
        switch self {
        case 0x30...0x39: self &- 0x30
        case 0x41...0x46: self &- 0x37
        case 0x61...0x66: self &- 0x57
        default: 255
        }
    }

    @inline(__always)
    var isDigit: Bool { self &- 0x30 < 10 }

    /// White space inside a line (OWS, RFC 9110 section 5.6.3).
    @inline(__always)
    var isSpaceOrTab: Bool { self == 0x20 || self == 0x09 }
}

extension Span where Element == UInt8 {
    /// Whether the bytes are a `token` (RFC 9110 section 5.6.2): a method or a field name.
    public var isToken: Bool { count > 0 && leadingTokenCount == count }

    /// Whether the bytes may stand in a field value: no control except HTAB; bytes from 0x80 on are
    /// opaque (RFC 9110 section 5.5).
    public var isFieldContent: Bool { isFreeOfControls }

    /// Whether the bytes can stand in front of the colon of a field line without being read as
    /// anything else. It is weaker than `isToken`, which a name that was parsed has passed, and
    /// quicker.
    var isNameContent: Bool {
        guard count > 0 else { return false }
        var faults: UInt8 = 0
        var index = 0
        while index < count {
            let byte = self[index]
            let invisible: UInt8 = byte &- 0x21 > 0x5d ? 1 : 0
            let colon: UInt8 = byte == 0x3a ? 1 : 0
            faults |= invisible | colon
            index += 1
        }
        return faults == 0
    }

    /// Whether the bytes may stand in a request target: visible ASCII without `#`, since a fragment
    /// is never sent (RFC 9112 section 3.2).
    public var isTargetContent: Bool {
        guard count > 0 else { return false }
        var faults: UInt8 = 0
        var index = 0
        while index < count {
            let byte = self[index]
            let invisible: UInt8 = byte &- 0x21 > 0x5d ? 1 : 0
            let fragment: UInt8 = byte == 0x23 ? 1 : 0
            faults |= invisible | fragment
            index += 1
        }
        return faults == 0
    }

    /// Whether the bytes are a host and an optional port as this gateway accepts them in `Host`, in
    /// the absolute form and in `:authority`: letters, digits, `-._~`, or an IPv6 address in
    /// brackets.
    ///
    /// RFC 3986 would also allow percent-encoding, sub-delimiters and an empty port. No name in DNS
    /// needs them, and they are what confuses logs, `Forwarded` and the next hop's idea of the
    /// host.
    public var isAuthority: Bool {
        guard count > 0, count <= 261 else { return false }
        var index = 0
        if self[0] == UInt8(ascii: "[") {
            index = 1
            while index < count, self[index].hexValue < 16 || isColonOrDot(at: index) { index += 1 }
            guard index > 2, index < count, self[index] == UInt8(ascii: "]") else { return false }
            index += 1
        } else {
            while index < count, isHostCharacter(at: index) { index += 1 }
            guard index > 0 else { return false }
        }
        if index == count { return true }
        guard self[index] == UInt8(ascii: ":") else { return false }
        let digits = extracting(index + 1..<count)
        guard digits.count <= 5, let port = digits.decimal else { return false }
        return port <= 65_535
    }

    private func isColonOrDot(at index: Int) -> Bool {
        self[index] == UInt8(ascii: ":") || self[index] == UInt8(ascii: ".")
    }

    private func isHostCharacter(at index: Int) -> Bool {
        switch self[index] {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
