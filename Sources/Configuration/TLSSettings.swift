/// The server side of TLS at one listener. All paths are absolute.
public struct TLSSettings: Sendable, Equatable {
    /// Whether clients show certificates.
    public enum ClientCertificates: String, Sendable, CaseIterable {
        case none, request, require
    }

    /// PEM: the certificate, then the intermediates.
    public var certificateFile = ""
    public var keyFile = ""
    /// For other server names than the first one's.
    public var otherCertificates: [CertificateSettings] = []
    /// PEM: who may sign client certificates. Set unless `clientCertificates` is `none`.
    public var clientCAFile: String?
    public var clientCertificates = ClientCertificates.none

    public init() {}
}
