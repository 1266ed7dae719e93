import COpenSSL
import Crypto
import Kernel

/// A key that signs tokens, made anew in each run, for tests: no private key is in the repository.
///
/// *Safety:* the object alone owns `key` and frees it; signing does not change it.
@safe
public final class TokenSigner: @unchecked Sendable {
    public let algorithm: SignatureAlgorithm
    public let keyID: String
    private let key: OpaquePointer?
    private let secret: [UInt8]

    /// `bits`: of an RSA modulus.
    public init(_ algorithm: SignatureAlgorithm, keyID: String = "key-1", bits: Int = 2_048) {
        self.algorithm = algorithm
        self.keyID = keyID
        secret = SecureRandom.bytes(32)
        unsafe key = Self.generate(algorithm, bits)
    }

    /// The same key under another algorithm or id: for tokens that lie about either.
    public init(_ other: TokenSigner, algorithm: SignatureAlgorithm, keyID: String? = nil) {
        self.algorithm = algorithm
        self.keyID = keyID ?? other.keyID
        secret = other.secret
        unsafe EVP_PKEY_up_ref(other.key)
        unsafe key = other.key
    }

    deinit { unsafe EVP_PKEY_free(key) }

    // MARK: Tokens

    /// A token of these two JSON texts, or whatever they are.
    public func token(header: String, claims: String) -> String {
        let message = Self.encoded(Array(header.utf8)) + "." + Self.encoded(Array(claims.utf8))
        let signature = signature(of: message)
        return message + "." + Self.encoded(signature)
    }

    /// With the header that belongs to this key.
    public func token(_ claims: String) -> String { token(header: header, claims: claims) }

    public var header: String { "{\"alg\":\"\(algorithm.name)\",\"kid\":\"\(keyID)\"}" }

    public static func encoded(_ bytes: [UInt8]) -> String {
        var text = ByteBuffer()
        text.append(base64URL: bytes.span)
        return text.text
    }

    /// As a token carries it.
    public func signature(of message: String) -> [UInt8] {
        if algorithm == .hs256 { return code(of: message) }
        let der = sign(Array(message.utf8))
        switch algorithm {
        case .es256: return Self.raw(der, width: 32)
        case .es384: return Self.raw(der, width: 48)
        default: return der
        }
    }

    private func code(of message: String) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: 32)
        var written: UInt32 = 0
        let bytes = Array(message.utf8)
        _ = unsafe HMAC(
            EVP_sha256(), secret, Int32(secret.count), bytes, bytes.count, &output, &written)
        return output
    }

    private func sign(_ message: [UInt8]) -> [UInt8] {
        let context = unsafe EVP_MD_CTX_new()
        defer { unsafe EVP_MD_CTX_free(context) }
        var details: OpaquePointer?
        let isReady = unsafe EVP_DigestSignInit(context, &details, digest, nil, key) == 1
        precondition(isReady)
        if isPadded {
            _ = unsafe EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING)
            _ = unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST)
        }
        var output = [UInt8](repeating: 0, count: 1_100)
        var count = output.count
        let isSigned = unsafe EVP_DigestSign(context, &output, &count, message, message.count) == 1
        precondition(isSigned)
        return Array(output.prefix(count))
    }

    private var isPadded: Bool { [.ps256, .ps384, .ps512].contains(algorithm) }

    private var digest: OpaquePointer? {
        switch algorithm {
        case .rs256, .ps256, .es256, .hs256: unsafe EVP_sha256()
        case .rs384, .ps384, .es384: unsafe EVP_sha384()
        case .rs512, .ps512: unsafe EVP_sha512()
        case .edDSA: nil
        }
    }

    /// The two numbers of a DER sequence, each of `width` bytes.
    private static func raw(_ der: [UInt8], width: Int) -> [UInt8] {
        var raw: [UInt8] = []
        var index = 2
        for _ in 0..<2 {
            let count = Int(der[index + 1])
            let number = der[index + 2..<index + 2 + count].drop { $0 == 0 }
            raw += [UInt8](repeating: 0, count: width - number.count) + number
            index += 2 + count
        }
        return raw
    }

    // MARK: Keys

    /// The public key, or the secret, as a JSON Web Key. `more`: further members.
    public func jwk(_ more: String = "") -> String {
        let rest = more.isEmpty ? "" : "," + more
        return "{\"kid\":\"\(keyID)\",\(members)\(rest)}"
    }

    /// A set with this key alone.
    public var keySet: String { "{\"keys\":[\(jwk())]}" }

    private var members: String {
        switch algorithm {
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512:
            return "\"kty\":\"RSA\",\"n\":\"\(number("n"))\",\"e\":\"\(number("e"))\""
        case .es256, .es384:
            let width = algorithm == .es256 ? 32 : 48
            let point = octets("pub")
            let (x, y) = (Array(point[1..<1 + width]), Array(point[(1 + width)...]))
            let curve = algorithm == .es256 ? "P-256" : "P-384"
            return "\"kty\":\"EC\",\"crv\":\"\(curve)\",\"x\":\"\(Self.encoded(x))\","
                + "\"y\":\"\(Self.encoded(y))\""
        case .edDSA:
            let x = octets("pub")
            return "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\(Self.encoded(x))\""
        case .hs256: return "\"kty\":\"oct\",\"k\":\"\(Self.encoded(secret))\""
        }
    }

    private func number(_ name: String) -> String {
        var number: OpaquePointer?
        _ = unsafe EVP_PKEY_get_bn_param(key, name, &number)
        defer { unsafe BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: Int((unsafe BN_num_bits(number) + 7) / 8))
        _ = unsafe BN_bn2bin(number, &bytes)
        return Self.encoded(bytes)
    }

    private func octets(_ name: String) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 128)
        var count = 0
        _ = unsafe EVP_PKEY_get_octet_string_param(key, name, &bytes, bytes.count, &count)
        return Array(bytes.prefix(count))
    }

    private static func generate(_ algorithm: SignatureAlgorithm, _ bits: Int) -> OpaquePointer? {
        let type: String
        switch algorithm {
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: type = "RSA"
        case .es256, .es384: type = "EC"
        case .edDSA: type = "ED25519"
        case .hs256: return nil
        }
        let context = unsafe EVP_PKEY_CTX_new_from_name(nil, type, nil)
        defer { unsafe EVP_PKEY_CTX_free(context) }
        _ = unsafe EVP_PKEY_keygen_init(context)
        if type == "RSA" { _ = unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)) }
        if type == "EC" {
            _ = unsafe EVP_PKEY_CTX_set_group_name(
                context, algorithm == .es256 ? "P-256" : "P-384")
        }
        var key: OpaquePointer?
        let isMade = unsafe EVP_PKEY_generate(context, &key) == 1
        precondition(isMade)
        return unsafe key
    }
}
