/// Another certificate of a listener. Both paths are absolute.
public struct CertificateSettings: Sendable, Equatable {
    /// PEM: the certificate, then the intermediates.
    public var certificateFile = ""
    public var keyFile = ""

    public init() {}
}
