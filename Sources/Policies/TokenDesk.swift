import Crypto
import Kernel

/// One issuer's tokens at one worker: its keys as they are now, and what they have verified.
///
/// A token that is seen again costs one SHA-256 and one look-up. One whose key nobody knows is
/// refused at once, and the keys are asked for: the next such token finds them.
public final class TokenDesk {
    public let issuer: TokenIssuer
    /// What the issuer signs with; nil: nobody knows yet.
    public private(set) var keys: KeySet?
    private var cache: TokenCache
    /// Tokens that were answered from the cache, and those that had to be verified.
    public private(set) var remembered = 0
    public private(set) var examined = 0

    public init(_ issuer: TokenIssuer, keys: KeySet? = nil) {
        self.issuer = issuer
        self.keys = keys
        cache = TokenCache(bound: issuer.cacheEntries)
    }

    /// Takes over another set of keys. What was verified with the one before is verified anew.
    public func replace(_ keys: KeySet) { self.keys = keys }

    public func decide(
        _ token: Span<UInt8>, _ verifier: TokenVerifier, _ hasher: SHA256Hasher, now: UnixTime
    ) -> Result<TokenClaims, TokenFault> {
        guard let keys else { return .failure(.noKeys) }
        guard token.count <= issuer.rules.maxTokenBytes else { return .failure(.tooLong) }
        let digest = hasher.hash(token)
        if let claims = cache.find(digest, version: keys.version, now: now) {
            remembered += 1
            return .success(claims)
        }
        examined += 1
        let result = verifier.verify(token, keys, issuer.rules, now: now)
        switch result {
        case .success(let claims):
            cache.insert(digest, claims, version: keys.version, now: now)
        case .failure(.unknownKey): issuer.demand.make()
        case .failure: break
        }
        return result
    }
}
