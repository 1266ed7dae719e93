import Crypto
import Errors
import Kernel

/// One issuer's tokens at one worker: its keys as they are now, and what they have verified.
///
/// A token that is seen again costs one SHA-256 and one look-up. One whose key nobody knows is
/// refused at once, and the keys are asked for: the next such token finds them.
public final class TokenDesk {
    public let issuer: TokenIssuer
    private let verifier: TokenVerifier
    /// What the issuer signs with; nil: nobody knows yet.
    public private(set) var keys: KeySet?
    private var cache: TokenCache<Principal>
    /// Tokens that were answered from the cache, and those that had to be verified.
    public private(set) var remembered = 0
    public private(set) var examined = 0

    /// Tokens that are held, those included that have expired since.
    public var rememberedTokens: Int { cache.count }

    /// `verifier` is the worker's.
    public init(_ issuer: TokenIssuer, _ verifier: TokenVerifier, keys: KeySet? = nil) {
        self.issuer = issuer
        self.verifier = verifier
        self.keys = keys
        cache = TokenCache(bound: issuer.cacheEntries)
    }

    /// Takes over another set of keys. What was verified with the one before is verified anew.
    public func replace(_ keys: KeySet) { self.keys = keys }

    /// Whom `token` speaks for at `now`.
    public func decide(
        _ token: Span<UInt8>, _ hasher: SHA256Hasher, now: UnixTime
    ) -> Identity.Decision {
        guard token.count <= issuer.rules.maxTokenBytes else {
            return .refused(GatewayError(.tooLong))
        }
        let digest = hasher.hash(token)
        if let principal = recall(digest, now: now) { return .principal(principal) }
        return examine(token, digest, now: now)
    }

    /// Whom the token of that digest speaks for, if it was verified before and still holds.
    func recall(_ digest: Digest, now: UnixTime) -> Principal? {
        guard let keys, let principal = cache.find(digest, version: keys.version, now: now) else {
            return nil
        }
        remembered += 1
        return principal
    }

    /// Verifies a token that is not remembered.
    func examine(
        _ token: Span<UInt8>, _ digest: Digest, now: UnixTime
    ) -> Identity.Decision {
        guard let keys else { return .refused(.authorityUnavailable) }
        examined += 1
        switch verifier.verify(token, keys, issuer.rules, now: now) {
        case .failure(let fault):
            if fault == .unknownKey { issuer.demand.make() }
            return .refused(GatewayError(fault))
        case .success(let claims): return remember(claims, digest, keys.version, now)
        }
    }

    /// Who says to have issued a token, at whichever desk that is asked.
    func claimedIssuer(of token: Span<UInt8>) throws(TokenFault) -> [UInt8] {
        try verifier.claimedIssuer(of: token)
    }

    private func remember(
        _ claims: TokenClaims, _ digest: Digest, _ version: UInt64, _ now: UnixTime
    ) -> Identity.Decision {
        do throws(GatewayError) {
            let principal = try issuer.holders.principal(of: claims)
            cache.insert(
                digest, principal, until: claims.refusedFrom, version: version, now: now)
            return .principal(principal)
        } catch {
            return .refused(error)
        }
    }
}

extension GatewayError {
    /// One answer to all faults but expiry, which the caller can do something about.
    init(_ fault: TokenFault) {
        self =
            switch fault {
            case .expired: .expiredToken
            case .noKeys: .authorityUnavailable
            default: .invalidToken(LogReason(fault.logReason))
            }
    }
}
