/// The two numbers of an ECDSA signature, side by side as RFC 7518 section 3.4 has them, and as the
/// ASN.1 that libcrypto reads.
enum ECDSASignature {
    /// The longest sequence of two numbers of 48 bytes: 2 + 2 · (2 + 49).
    static let longestDER = 104

    /// Nil unless both numbers have exactly `width` bytes and neither is zero. That they are below
    /// the order of the curve is for libcrypto to see.
    static func der(
        _ raw: Span<UInt8>, width: Int
    ) -> (bytes: InlineArray<104, UInt8>, count: Int)? {
        guard raw.count == 2 * width, width <= 48 else { return nil }
        var bytes = InlineArray<104, UInt8>(repeating: 0)
        var count = 2
        for part in 0..<2 {
            let end = width * (part + 1)
            var start = width * part
            while start < end, raw[start] == 0 { start += 1 }
            guard start < end else { return nil }
            // The first bit is a sign.
            let isPadded = raw[start] & 0x80 != 0
            bytes[count] = 0x02
            bytes[count + 1] = UInt8(end - start + (isPadded ? 1 : 0))
            count += isPadded ? 3 : 2
            for index in start..<end {
                bytes[count] = raw[index]
                count += 1
            }
        }
        bytes[0] = 0x30
        bytes[1] = UInt8(count - 2)
        return (bytes, count)
    }
}
