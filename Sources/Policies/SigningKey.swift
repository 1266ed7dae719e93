import Crypto

/// A key of a set: what it verifies and whose it is.
public struct SigningKey: Sendable {
    /// `kid`; nil: it has none.
    public let id: [UInt8]?
    public let key: VerificationKey
    /// What it may be used for: at most what its type allows.
    public let algorithms: SignatureAlgorithms
    /// The tenant whose own key it is; nil: the issuer's.
    public let tenant: [UInt8]?

    public init(
        id: [UInt8]?, key: VerificationKey, algorithms: SignatureAlgorithms? = nil,
        tenant: [UInt8]? = nil
    ) {
        self.id = id
        self.key = key
        self.algorithms = algorithms?.intersection(key.algorithms) ?? key.algorithms
        self.tenant = tenant
    }
}
