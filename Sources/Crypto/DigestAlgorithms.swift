import COpenSSL

/// The digests of signatures and the HMAC, fetched from libcrypto once for the process: fetching
/// takes a lock and a search, which a verification need not pay.
///
/// *Safety:* the objects are never freed and never changed after the fetch; libcrypto lets any
/// number of threads use them.
@safe
struct DigestAlgorithms: @unchecked Sendable {
    static let shared = DigestAlgorithms()

    private let sha256 = unsafe EVP_MD_fetch(nil, "SHA256", nil)
    private let sha384 = unsafe EVP_MD_fetch(nil, "SHA384", nil)
    private let sha512 = unsafe EVP_MD_fetch(nil, "SHA512", nil)
    let hmac = unsafe EVP_MAC_fetch(nil, "HMAC", nil)

    /// nil: the algorithm hashes by itself.
    subscript(_ algorithm: SignatureAlgorithm) -> OpaquePointer? {
        switch algorithm {
        case .rs256, .ps256, .es256, .hs256: unsafe sha256
        case .rs384, .ps384, .es384: unsafe sha384
        case .rs512, .ps512: unsafe sha512
        case .edDSA: nil
        }
    }
}
