import Crypto
import Errors
import Kernel

/// Whether a key may be used.
public enum KeyStatus: UInt8, CaseIterable, Sendable {
    case active, suspended, revoked
}

/// What a site knows of one key. The key itself is not among it.
public final class KeyRecord: Sendable {
    /// Whom the key stands for.
    public let principal: Principal
    public let name: String
    /// What the key begins with, for people who look at a list of keys.
    public let prefix: String
    public let digest: Digest
    public let status: KeyStatus
    /// The first moment at which the key is no longer valid.
    public let expiresAt: UnixTime?

    public init(
        _ principal: Principal, name: String, prefix: String, digest: Digest,
        status: KeyStatus = .active, expiresAt: UnixTime? = nil
    ) {
        self.principal = principal
        self.name = name
        self.prefix = prefix
        self.digest = digest
        self.status = status
        self.expiresAt = expiresAt
    }

    /// Why the key cannot be used at that time; nil when it can.
    public func refusal(at time: UnixTime) -> GatewayError? {
        switch status {
        case .revoked: return .revokedCredential
        case .suspended: return .suspendedCredential
        case .active:
            guard let expiresAt, time >= expiresAt else { return nil }
            return .expiredCredential
        }
    }
}
