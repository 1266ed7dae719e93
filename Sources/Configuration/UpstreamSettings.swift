/// One upstream and how it is spoken to.
public struct UpstreamSettings: Sendable, Equatable {
    /// What is spoken to the upstream.
    public enum ApplicationProtocol: String, Sendable, CaseIterable {
        /// Over TLS whatever ALPN agrees on, in cleartext HTTP/1.1.
        case auto
        case http1
        /// With `http://`: HTTP/2 with prior knowledge.
        case h2
    }

    public var name = ""
    /// Where it is served: one or more places, all `http://` or all `https://`.
    public var endpoints: [EndpointSettings] = []
    public var `protocol` = ApplicationProtocol.auto
    /// The field that carries the operator's credential, ready to send; nil: none is sent.
    public var credential: CredentialField?
    /// PEM, absolute path: who may sign the upstream's certificate; nil: the system's store.
    public var caFile: String?
    /// Name in SNI and in the certificate; nil: the URL's host.
    public var serverName: String?
    public var clientCertificateFile: String?
    public var clientKeyFile: String?
    /// Sent as Host / `:authority`; nil: the URL's host and port.
    public var hostHeader: String?
    public var maxConnections = 1_024
    public var maxPendingRequests = 1_024
    public var maxActiveRequests = 1_024
    /// Milliseconds between two look-ups of its names.
    public var resolve = 30_000
    public var ejection = EjectionSettings()
    public var retries = RetrySettings()
    /// nil: endpoints are judged by requests alone.
    public var healthCheck: HealthCheckSettings?

    // What `endpoints` and `credential` are worked out from.
    var writtenURL: UpstreamURL?
    var urlEnv: String?
    var credentialSource: CredentialSource?
    /// Lower case.
    public var credentialHeader = "authorization"
    var credentialScheme: String? = "Bearer"

    public init() {}

    /// How this upstream is shown `secret`.
    public func credentialField(_ secret: Secret) -> CredentialField {
        let scheme = credentialScheme.map { Array("\($0) ".utf8) } ?? []
        return CredentialField(name: credentialHeader, value: Secret(scheme + secret.bytes))
    }

    /// Of the first endpoint.
    public var url: UpstreamURL { endpoints.first?.url ?? UpstreamURL() }
}
