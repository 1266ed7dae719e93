/// Where a certificate and its private key are, both in PEM.
public struct CertificateFiles: Equatable, Sendable {
    /// The certificate, followed by those that lead to the root (which may be left out).
    public var chainFile: String
    /// The private key, without a pass phrase.
    public var keyFile: String

    public init(chainFile: String, keyFile: String) {
        self.chainFile = chainFile
        self.keyFile = keyFile
    }
}
