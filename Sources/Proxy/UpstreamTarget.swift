import Kernel
import TLS
import Upstream

/// One upstream as the relay needs it: where it is, how it is spoken to, what it is told.
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
    public let host: String
    public let port: UInt16
    /// Stands in place of a leading `/v1` of the request's path. No slash at the end; may be empty.
    public let basePath: [UInt8]
    /// Sent as Host or `:authority`.
    public let authority: [UInt8]
    public let speech: Speech
    public let tls: TLSClientContext?
    /// The name in SNI and in the certificate.
    public let serverName: String
    /// The operator's credential: name in lower case, and value.
    public let credential: (name: [UInt8], value: [UInt8])?
    /// Bounds for one worker.
    public let limits: PoolLimits

    public init(
        name: String, host: String, port: UInt16, basePath: String, authority: String,
        speech: Speech, tls: TLSClientContext?, serverName: String,
        credential: (name: [UInt8], value: [UInt8])?, limits: PoolLimits
    ) {
        self.name = name
        self.host = host
        self.port = port
        self.basePath = Array(basePath.utf8)
        self.authority = Array(authority.utf8)
        self.speech = speech
        self.tls = tls
        self.serverName = serverName
        self.credential = credential
        self.limits = limits
    }
}
