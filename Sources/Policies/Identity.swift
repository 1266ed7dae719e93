import Crypto
import Errors
import HTTP
import Kernel

/// Decides who a caller is, by an API key or by a token.
public struct Identity: Sendable {
    /// Who it is, or why nobody.
    public enum Decision: Sendable {
        case principal(Principal)
        case refused(GatewayError)
    }

    public let rules: CredentialRules
    /// Joined to every key before it is hashed, so that a stolen list of digests is worth nothing
    /// without it.
    private let pepper: [UInt8]

    public init(rules: CredentialRules, pepper: [UInt8]) {
        self.rules = rules
        self.pepper = pepper
    }

    /// The digest under which a key is stored: SHA-256 of the key followed by the pepper.
    public func digest(of key: Span<UInt8>, _ hasher: SHA256Hasher) -> Digest {
        hasher.hash(key, pepper.span)
    }

    /// - `desks`: where tokens are verified; nil: nowhere, and no token is believed.
    public func decide(
        _ fields: borrowing Fields, _ hasher: SHA256Hasher, _ keys: KeyTable,
        _ desks: TokenDesks? = nil, at moment: Moment
    ) -> Decision {
        switch rules.extract(from: fields) {
        case .missing: return .refused(.missingCredential)
        case .malformed(let fault): return .refused(.malformedCredential(fault))
        case .token(let place):
            guard let desks else { return .refused(.authorityUnavailable) }
            let token = fields.value(at: place.field).extracting(place.bytes)
            return desks.decide(token, hasher, now: moment.wall)
        case .key(let place):
            let key = fields.value(at: place.field).extracting(place.bytes)
            return decide(keys.find(digest(of: key, hasher)), at: moment)
        }
    }

    private func decide(_ record: KeyRecord?, at moment: Moment) -> Decision {
        guard let record else { return .refused(.unknownCredential) }
        if let error = record.refusal(at: moment.wall) { return .refused(error) }
        return .principal(record.principal)
    }
}
