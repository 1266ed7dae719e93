/// What a `TLSClientContext` is made from. There is no way to switch verification off.
public struct TLSClientSettings: Sendable {
    /// The versions of TLS that are spoken.
    public enum Version: Sendable { case tls12, tls13 }

    /// The authorities that are trusted, in PEM; nil: the system's. A certificate in the file is
    /// trusted even if it is not a root itself.
    public var authoritiesFile: String?
    /// Shown to servers that ask for one.
    public var certificate: CertificateFiles?
    /// Offered with ALPN, in the order of preference; empty: no ALPN.
    public var protocols: [ApplicationProtocol] = [.http2, .http1]
    /// For servers that fail on newer ones.
    public var highestVersion = Version.tls13

    public init() {}
}
