/// What a `TLSServerContext` is made from.
public struct TLSServerSettings: Sendable {
    /// Whether clients are asked for a certificate.
    public enum ClientCertificates: Equatable, Sendable {
        case none
        /// A client without one is served too; one that does not verify against the file is not.
        case request(authoritiesFile: String)
        case require(authoritiesFile: String)
    }

    /// At least one. A client gets the one that has its server name among the DNS names of its
    /// subject alternative name, else the first.
    public var certificates: [CertificateFiles]
    /// In the server's order of preference. A client that offers ALPN without any of these is
    /// refused, and so is one without ALPN unless HTTP/1.1 is among them.
    public var protocols: [ApplicationProtocol] = [.http2, .http1]
    public var clientCertificates: ClientCertificates = .none

    public init(certificates: [CertificateFiles]) {
        self.certificates = certificates
    }
}
