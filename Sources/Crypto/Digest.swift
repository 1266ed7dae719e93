import COpenSSL
import Kernel

/// The 32 bytes of a SHA-256 (FIPS 180-4). It owns no memory and may be the key of a dictionary.
public struct Digest: Hashable, Sendable {
    private var words: InlineWords

    /// The first 8 bytes as a big-endian number: as good as a hash for finding a place in a table.
    public var firstWord: UInt64 { words.a }

    /// The digest whose 32 bytes these are; nil for any other count.
    public init?(bytes: Span<UInt8>) {
        guard bytes.count == 32 else { return nil }
        words = InlineWords(
            a: Digest.word(bytes, 0), b: Digest.word(bytes, 8), c: Digest.word(bytes, 16),
            d: Digest.word(bytes, 24))
    }

    /// The digest that 64 hexadecimal digits spell, in either case; nil for anything else.
    public init?(hex: Span<UInt8>) {
        guard hex.count == 64 else { return nil }
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        for index in 0..<32 {
            guard let high = hexValue(hex[2 * index]), let low = hexValue(hex[2 * index + 1])
            else { return nil }
            bytes[index] = high << 4 | low
        }
        self.init(bytes: bytes.span)
    }

    /// The digest that 64 hexadecimal digits spell, in either case; nil for anything else.
    public init?(hex: String) {
        self.init(hex: hex.utf8.span)
    }

    /// 64 hexadecimal digits in lower case.
    public var hex: String {
        var buffer = ByteBuffer(capacity: 64)
        appendHex(to: &buffer)
        return buffer.text
    }

    /// Appends 64 hexadecimal digits in lower case.
    public func appendHex(to buffer: inout ByteBuffer) {
        buffer.append(hex: words.a, digits: 16)
        buffer.append(hex: words.b, digits: 16)
        buffer.append(hex: words.c, digits: 16)
        buffer.append(hex: words.d, digits: 16)
    }

    /// Appends the 32 bytes themselves.
    public func append(to buffer: inout ByteBuffer) {
        var bytes = InlineArray<32, UInt8>(repeating: 0)
        for index in 0..<32 {
            let word = index < 16 ? (index < 8 ? words.a : words.b) : index < 24 ? words.c : words.d
            bytes[index] = UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index & 7)))
        }
        buffer.append(bytes.span)
    }

    /// Compares in a time that does not tell where the first difference is. Use it wherever one
    /// side is a secret; `==` is for tests and tables.
    ///
    /// *Safety:* both values are plain words on the stack, lent for the one call.
    public func constantTimeEquals(_ other: Digest) -> Bool {
        unsafe withUnsafeBytes(of: words) { mine in
            unsafe withUnsafeBytes(of: other.words) { theirs in
                unsafe CRYPTO_memcmp(mine.baseAddress, theirs.baseAddress, 32) == 0
            }
        }
    }

    /// The bytes are evenly spread already, so a quarter of them is enough for a table.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.a)
    }

    private static func word(_ bytes: Span<UInt8>, _ start: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in start..<start + 8 { value = value << 8 | UInt64(bytes[index]) }
        return value
    }

    private struct InlineWords: Equatable, Sendable {
        var a: UInt64
        var b: UInt64
        var c: UInt64
        var d: UInt64
    }
}

extension Digest: CustomStringConvertible {
    /// The first eight digits: enough to recognise a digest in a log, too few to search for its
    /// source.
    public var description: String { String(hex.prefix(8)) + "…" }
}

private func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x41 + 10
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
}
