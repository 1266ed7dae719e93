import Crypto
import Kernel

/// Bytes the gateway answers with by itself: made once, the same for everybody.
public final class ServedDocument: Sendable {
    /// The most that is handed to a client's codec at once.
    static let piece = 16_384

    public let bytes: [UInt8]
    /// Strong, with its quotes: equal tags are equal bytes (RFC 9110 section 8.8.3).
    public let entityTag: [UInt8]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let digest = SHA256Hasher().hash(bytes.span)
        entityTag = Array("\"\(digest.hex.prefix(32))\"".utf8)
    }
}
