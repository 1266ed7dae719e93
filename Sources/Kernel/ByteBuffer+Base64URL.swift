/// The base64 of URLs and tokens (RFC 4648 section 5), without padding as in RFC 7515 section 2.
extension ByteBuffer {
    /// Appends `bytes` in base64url.
    public mutating func append(base64URL bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            let count = min(3, bytes.count - index)
            var group: UInt32 = 0
            for place in 0..<3 {
                group = group << 8 | UInt32(place < count ? bytes[index + place] : 0)
            }
            for place in 0...count {
                append(Self.base64URLDigit(UInt8(truncatingIfNeeded: group >> (18 - 6 * place))))
            }
            index += count
        }
    }

    /// Appends what `text` stands for. False, and nothing is appended, unless it is the one
    /// spelling of its bytes: no padding, no white space, no other alphabet, and zeros in the bits
    /// that the last digit does not need.
    public mutating func append(decodingBase64URL text: Span<UInt8>) -> Bool {
        let tail = text.count % 4
        guard tail != 1 else { return false }
        let before = count
        var group: UInt32 = 0
        var bits = 0
        for index in text.indices {
            guard let value = Self.base64URLValue(text[index]) else {
                truncate(to: before)
                return false
            }
            group = group << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                append(UInt8(truncatingIfNeeded: group >> bits))
                group &= (1 << bits) - 1
            }
        }
        guard group == 0 else {
            truncate(to: before)
            return false
        }
        return true
    }

    private static func base64URLDigit(_ bits: UInt8) -> UInt8 {
        switch bits & 63 {
        case let value where value < 26: value + UInt8(ascii: "A")
        case let value where value < 52: value - 26 + UInt8(ascii: "a")
        case let value where value < 62: value - 52 + UInt8(ascii: "0")
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }

    private static func base64URLValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
