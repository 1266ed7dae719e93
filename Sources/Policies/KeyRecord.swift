import Crypto
import Errors
import Kernel

/// Whether a key may be used.
public enum KeyStatus: UInt8, CaseIterable, Sendable {
    case active, suspended, revoked
}

/// Everything the data path knows about a key. The key itself is not among it.
public final class KeyRecord: Sendable {
    public let id: String
    public let name: String
    /// What the key begins with, for people who look at a list of keys.
    public let prefix: String
    public let digest: Digest
    public let status: KeyStatus
    /// The first moment at which the key is no longer valid.
    public let expiresAt: UnixTime?
    public let limits: RequestLimits
    /// nil: every model.
    public let allowedModels: ModelSet?
    public let meter: Meter

    public init(
        id: String, name: String, prefix: String, digest: Digest, status: KeyStatus = .active,
        expiresAt: UnixTime? = nil, limits: RequestLimits = .unlimited,
        allowedModels: ModelSet? = nil, meter: Meter
    ) {
        self.id = id
        self.name = name
        self.prefix = prefix
        self.digest = digest
        self.status = status
        self.expiresAt = expiresAt
        self.limits = limits
        self.allowedModels = allowedModels
        self.meter = meter
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

    /// Counts one request at the key's meter, and at the process's if that has a limit, if both
    /// admit it.
    public func admit(at moment: Moment, within process: ProcessLimit? = nil) -> Admission {
        meter.admit(limits, at: moment, within: process)
    }

    public func allows(model: Span<UInt8>) -> Bool {
        guard let allowedModels else { return true }
        return allowedModels.contains(model)
    }
}
