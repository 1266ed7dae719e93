/// Base64 (RFC 4648 section 4), for values of header fields.
extension ByteBuffer {
    /// Appends `bytes` in base64, padded.
    public mutating func append(base64 bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            let count = min(3, bytes.count - index)
            var group: UInt32 = 0
            for place in 0..<3 {
                group = group << 8 | UInt32(place < count ? bytes[index + place] : 0)
            }
            for place in 0..<4 {
                let isPadding = place > count
                let value = UInt8(truncatingIfNeeded: group >> UInt32(18 - 6 * place) & 63)
                append(isPadding ? UInt8(ascii: "=") : Self.base64Digit(value))
            }
            index += count
        }
    }

    private static func base64Digit(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: value + UInt8(ascii: "A")
        case 26..<52: value - 26 + UInt8(ascii: "a")
        case 52..<62: value - 52 + UInt8(ascii: "0")
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }
}
