import Kernel

extension ByteBuffer {
    /// Appends `bytes` in base64 with padding (RFC 4648 section 4).
    mutating func append(base64 bytes: Span<UInt8>) {
        reserve((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            let first = UInt32(bytes[index]) << 16
            let second = left > 1 ? UInt32(bytes[index + 1]) << 8 : 0
            let group = first | second | (left > 2 ? UInt32(bytes[index + 2]) : 0)
            append(Self.digit(group >> 18))
            append(Self.digit(group >> 12))
            append(left > 1 ? Self.digit(group >> 6) : UInt8(ascii: "="))
            append(left > 2 ? Self.digit(group) : UInt8(ascii: "="))
            index += 3
        }
    }

    private static func digit(_ group: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: group & 0x3f)
        switch value {
        case 0..<26: return UInt8(ascii: "A") + value
        case 26..<52: return UInt8(ascii: "a") + value - 26
        case 52..<62: return UInt8(ascii: "0") + value - 52
        default: return value == 62 ? UInt8(ascii: "+") : UInt8(ascii: "/")
        }
    }
}
