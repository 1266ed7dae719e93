import Kernel

/// One address that takes client connections.
public struct ListenerSettings: Sendable {
    /// Raw values are the ALPN names (RFC 7301 section 6).
    public enum ApplicationProtocol: String, Sendable, CaseIterable {
        case h2
        case http1 = "http/1.1"
    }

    public var name = ""
    public var address = SocketAddress(ip: .loopback, port: 0)
    /// nil: cleartext.
    public var tls: TLSSettings?
    /// What is spoken, most wanted first: over TLS the ALPN list, in cleartext HTTP/1.1 and HTTP/2
    /// with prior knowledge. Never empty.
    public var protocols: [ApplicationProtocol] = [.h2, .http1]
    /// Cleartext HTTP/1.1: a client that ends its sending side still gets its answer.
    public var allowHalfClose = false

    public init() {}
}
