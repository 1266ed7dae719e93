import COpenSSL
import Kernel

/// A key with which signatures are verified, made once from the members of a JSON Web Key.
///
/// *Safety:* the object alone owns `key` and `mac` and frees each once. Both are only read after
/// `init`: libcrypto counts references to a key and copies a keyed MAC without changing it, so any
/// number of threads may verify at once. Every call gets a context of its own. What a failure
/// leaves in the thread's error queue is taken out again, because TLS on the same thread reads the
/// queue as its own.
@safe
public final class VerificationKey: @unchecked Sendable {
    /// The curves a signature may be made on, with the algorithm that goes with each.
    public enum Curve: Sendable {
        case p256, p384

        /// Of a coordinate, in bytes.
        public var width: Int { self == .p256 ? 32 : 48 }
        var groupName: String { self == .p256 ? "P-256" : "P-384" }
    }

    /// What the key can be used for, by its type alone.
    public let algorithms: SignatureAlgorithms
    /// Of every RSA signature of this key, or of one number of an ECDSA signature.
    private let width: Int
    /// The public key; nil for HMAC.
    private let key: OpaquePointer?
    /// HMAC-SHA-256 with its secret; nil for public keys.
    private let mac: OpaquePointer?

    /// Takes over `key`.
    @unsafe
    init(_ key: OpaquePointer, _ algorithms: SignatureAlgorithms, width: Int) {
        unsafe self.key = key
        unsafe self.mac = nil
        self.algorithms = algorithms
        self.width = width
    }

    /// A secret of 32 to 1,024 bytes (RFC 7518 section 3.2: no shorter than the digest).
    public init(secret: Span<UInt8>) throws(KeyFault) {
        algorithms = SignatureAlgorithms(.hs256)
        width = 32
        unsafe key = nil
        unsafe mac = unsafe EVP_MAC_CTX_new(DigestAlgorithms.shared.hmac)
        guard secret.count >= 32 else { throw .tooShort }
        guard secret.count <= 1_024 else { throw .tooLong }
        guard let mac = unsafe mac, unsafe Self.start(mac, secret) else { throw .invalid }
    }

    deinit {
        unsafe EVP_PKEY_free(key)
        unsafe EVP_MAC_CTX_free(mac)
    }

    @unsafe
    private static func start(_ mac: OpaquePointer, _ secret: Span<UInt8>) -> Bool {
        unsafe secret.withUnsafeBufferPointer { secret in
            unsafe gh_hmac_start(mac, secret.baseAddress, secret.count) == 1
        }
    }

    /// Whether `signature` is this key's over `message`. False also for an algorithm that is none
    /// of the key's and for a signature of another form.
    public func verify(
        _ message: Span<UInt8>, signature: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        guard algorithms.contains(algorithm) else { return false }
        defer { if ERR_peek_error() != 0 { ERR_clear_error() } }
        switch algorithm {
        case .hs256:
            return hasCode(signature, message)
        case .es256, .es384:
            guard let der = ECDSASignature.der(signature, width: width) else { return false }
            return check(message, der.bytes.span.extracting(0..<der.count), algorithm)
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512, .edDSA:
            return signature.count == width && check(message, signature, algorithm)
        }
    }

    private func hasCode(_ code: Span<UInt8>, _ message: Span<UInt8>) -> Bool {
        guard code.count == width, let context = unsafe EVP_MAC_CTX_dup(mac) else { return false }
        defer { unsafe EVP_MAC_CTX_free(context) }
        let isTaken = unsafe message.withUnsafeBufferPointer { message in
            unsafe EVP_MAC_update(context, message.baseAddress, message.count) == 1
        }
        var output = InlineArray<32, UInt8>(repeating: 0)
        var span = output.mutableSpan
        var written = 0
        let isComplete = unsafe span.withUnsafeMutableBufferPointer { bytes in
            unsafe EVP_MAC_final(context, bytes.baseAddress, &written, bytes.count) == 1
        }
        guard isTaken, isComplete, let expected = Digest(bytes: output.span),
            let given = Digest(bytes: code)
        else { return false }
        return expected.constantTimeEquals(given)
    }

    private func check(
        _ message: Span<UInt8>, _ signature: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        var details: OpaquePointer?
        let digest = unsafe DigestAlgorithms.shared[algorithm]
        guard unsafe EVP_DigestVerifyInit(context, &details, digest, nil, key) == 1 else {
            return false
        }
        switch algorithm {
        case .ps256, .ps384, .ps512:
            guard let details = unsafe details, unsafe Self.pad(details) else { return false }
        default: break
        }
        return unsafe signature.withUnsafeBufferPointer { signature in
            unsafe message.withUnsafeBufferPointer { message in
                unsafe EVP_DigestVerify(
                    context, signature.baseAddress, signature.count, message.baseAddress,
                    message.count) == 1
            }
        }
    }

    /// PSS with a salt as long as the digest (RFC 7518 section 3.5).
    @unsafe
    private static func pad(_ details: OpaquePointer) -> Bool {
        unsafe EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) == 1
            && EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) == 1
    }
}
