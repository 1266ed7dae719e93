/// Why an upstream gave no answer that can be passed on. The client learns only that it failed; the
/// kind goes to the log and the metrics.
public enum UpstreamFailure: Equatable, Sendable {
    /// The patience that ran out.
    public enum Wait: UInt8, CaseIterable, Sendable {
        case connect, handshake, firstByte, idle
    }

    /// No connection: refused, no route, the name does not resolve, or nothing is configured behind
    /// it.
    case unreachable
    /// The TLS handshake failed or the certificate does not match.
    case tlsFailed
    case timedOut(Wait)
    /// The connection or the stream was broken off.
    case reset
    /// The reply violates HTTP.
    case malformedReply
    /// The reply's head or a bounded body exceeds its limit.
    case replyTooLarge
    /// It was asked for a WebSocket and cannot, or answered something else with success.
    case upgradeRefused
    /// The upstream answered with this status of class 5xx.
    case serverError(status: Int)

    public var logReason: StaticString {
        switch self {
        case .unreachable: "unreachable"
        case .tlsFailed: "tls_failed"
        case .timedOut(.connect): "connect_timeout"
        case .timedOut(.handshake): "handshake_timeout"
        case .timedOut(.firstByte): "first_byte_timeout"
        case .timedOut(.idle): "idle_timeout"
        case .reset: "reset"
        case .malformedReply: "malformed_reply"
        case .replyTooLarge: "reply_too_large"
        case .upgradeRefused: "upgrade_refused"
        case .serverError: "server_error"
        }
    }
}
