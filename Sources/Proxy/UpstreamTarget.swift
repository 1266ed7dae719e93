import HTTP
import Kernel
import Policies
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
    /// What every request carries that has none of its own; nil: nothing.
    public let credential: OperatorCredential?
    /// Bounds for one worker.
    public let limits: PoolLimits
    public let ejection: EjectionRules
    public let retries: RetryBudget
    /// Between two look-ups of the endpoints' names.
    public let refreshMilliseconds: Int
    /// nil: no active checks.
    public let health: HealthRules?
    /// Its number among the subjects of the metrics.
    public let number: Int

    public init(
        name: String, endpoints: [EndpointTarget], speech: Speech, tls: TLSClientContext?,
        credential: OperatorCredential?, limits: PoolLimits = PoolLimits(),
        ejection: EjectionRules = EjectionRules(), retries: RetryBudget = RetryBudget(),
        refreshMilliseconds: Int = 30_000, health: HealthRules? = nil,
        number: Int = 0
    ) {
        self.name = name
        self.endpoints = endpoints
        self.speech = speech
        self.tls = tls
        self.credential = credential
        self.limits = limits
        self.ejection = ejection
        self.retries = retries
        self.refreshMilliseconds = refreshMilliseconds
        self.health = health
        self.number = number
    }

    /// The place of `endpoint` in `former`, if what was learnt of it there holds here: the same
    /// place, spoken to in the same way.
    func place(of endpoint: EndpointTarget, in former: UpstreamTarget) -> Int? {
        guard tls === former.tls, speech == former.speech else { return nil }
        return former.endpoints.firstIndex { $0.isSamePlace(as: endpoint) }
    }
}
