import Crypto
import Errors
import HTTP
import Kernel

/// Decides who a caller is, by an API key.
public struct Identity: Sendable {
    /// Who it is, or why nobody.
    public enum Decision: Sendable {
        case principal(KeyRecord)
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

    public func decide(
        _ fields: borrowing Fields, _ hasher: SHA256Hasher, _ keys: KeyTable, at moment: Moment
    ) -> Decision {
        let place: CredentialRules.Place
        switch rules.extract(from: fields) {
        case .missing: return .refused(.missingCredential)
        case .malformed(let fault): return .refused(.malformedCredential(fault))
        case .key(let found): place = found
        }
        let digest = digest(of: fields.value(at: place.field).extracting(place.bytes), hasher)
        guard let record = keys.find(digest) else { return .refused(.unknownCredential) }
        if let error = record.refusal(at: moment.wall) { return .refused(error) }
        return .principal(record)
    }
}
