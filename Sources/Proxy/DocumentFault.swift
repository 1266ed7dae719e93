/// Why a document could not be fetched.
public enum DocumentFault: Error, Equatable, Sendable, CustomStringConvertible {
    case unreachable
    /// TLS, the chain or the name in the certificate.
    case tls(String)
    /// Another status than 200: redirects are not followed.
    case status(Int)
    case tooLarge(limit: Int)
    /// No HTTP/1.1.
    case malformed
    /// The connection broke off before the end.
    case cutOff
    case timedOut

    public var description: String {
        switch self {
        case .unreachable: "no connection"
        case .tls(let text): "TLS: \(text)"
        case .status(let status): "status \(status)"
        case .tooLarge(let limit): "more than \(limit) bytes"
        case .malformed: "no valid HTTP/1.1"
        case .cutOff: "the connection broke off"
        case .timedOut: "the time is over"
        }
    }
}
