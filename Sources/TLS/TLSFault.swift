/// Why TLS cannot go on, or could not be set up. The text is made for the log: it names files,
/// reasons and alerts, never key material, and is not for the peer.
public struct TLSFault: Error, Equatable, Sendable {
    /// What went wrong, as far as somebody may act on it.
    public enum Kind: Equatable, Sendable {
        /// A setting, or a file it names, cannot be used.
        case configuration
        /// The peer broke a rule of TLS, or shares no version, suite, group or protocol with us.
        case handshake
        /// The peer's certificate is missing, not trusted, not valid now, or made out to another
        /// name.
        case peerCertificate
        /// The peer gave up with this alert (RFC 8446 section 6).
        case alert(UInt8)
        /// The connection ended without close_notify: the last message may be incomplete.
        case truncated
        /// The peer asked for more memory or work than a bound allows.
        case excess
        /// The call does not fit the state of the connection.
        case misuse
    }

    public let kind: Kind
    /// One line, without a full stop.
    public let reason: String

    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }
}

extension TLSFault: CustomStringConvertible {
    public var description: String { reason }
}
