import HTTP
import Kernel
import TLS
import Upstream

/// One upstream as the relay needs it: where its endpoints are, how they are spoken to, what they
/// are told.
public final class UpstreamTarget: Sendable {
    /// Which version of HTTP is spoken to it.
    public enum Speech: Sendable {
        case http1
        /// HTTP/2 without negotiation.
        case http2
        /// TLS and ALPN decide.
        case negotiated
    }

    public let name: String
    /// One or more.
    public let endpoints: [EndpointTarget]
    public let speech: Speech
    public let tls: TLSClientContext?
    /// What every request carries besides the client's fields: the operator's credential.
    public let ownFields: Fields
    /// What of it no client may ever see: all behind the scheme. Empty: there is none, or it is so
    /// short that it stands elsewhere by chance.
    public let secret: [UInt8]
    /// Bounds for one worker.
    public let limits: PoolLimits
    public let ejection: EjectionRules
    public let retries: RetryBudget
    /// Between two look-ups of the endpoints' names.
    public let refreshMilliseconds: Int
    /// nil: no active checks.
    public let health: HealthRules?

    private static let shortestSecret = 8

    /// `credential`: name and value of the field.
    public init(
        name: String, endpoints: [EndpointTarget], speech: Speech, tls: TLSClientContext?,
        credential: (name: [UInt8], value: [UInt8])?, limits: PoolLimits = PoolLimits(),
        ejection: EjectionRules = EjectionRules(), retries: RetryBudget = RetryBudget(),
        refreshMilliseconds: Int = 30_000, health: HealthRules? = nil
    ) {
        self.name = name
        self.endpoints = endpoints
        self.speech = speech
        self.tls = tls
        var fields = Fields()
        if let credential {
            fields.append(name: credential.name.span, value: credential.value.span)
        }
        ownFields = fields
        let secret = credential?.value.split(separator: UInt8(ascii: " ")).last ?? []
        self.secret = secret.count < Self.shortestSecret ? [] : Array(secret)
        self.limits = limits
        self.ejection = ejection
        self.retries = retries
        self.refreshMilliseconds = refreshMilliseconds
        self.health = health
    }
}
