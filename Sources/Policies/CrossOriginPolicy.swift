import HTTP
import Kernel

/// What browsers on other origins may do (Fetch standard, section 3.2): any origin, without
/// cookies, because the credential is a key that the page must hold itself.
public enum CrossOriginPolicy: Sendable {
    /// Whatever fields the page asks to send are allowed: the SDKs send `x-stainless-*`.
    case reflecting
    /// The fixed lists of the BVE page.
    case fixed

    /// Whether the request is a preflight: it asks for permission and carries no credential.
    public static func isPreflight(_ method: Method, _ fields: borrowing Fields) -> Bool {
        method == .options && fields.contains(.origin)
            && fields.contains(.accessControlRequestMethod)
    }

    /// The answer to a preflight, without the fields of `append`.
    public func appendPreflight(_ request: borrowing Fields, to fields: inout Fields) {
        fields.append("access-control-allow-methods", "GET, POST, DELETE, OPTIONS")
        switch self {
        case .fixed:
            fields.append(
                "access-control-allow-headers", "Authorization, Content-Type, X-Request-Id")
        case .reflecting:
            if let wanted = request.first(.accessControlRequestHeaders) {
                fields.append("access-control-allow-headers", wanted)
            }
            fields.append("vary", "Access-Control-Request-Headers")
        }
        fields.append("access-control-max-age", "86400")
    }

    /// What stands on every answer to a cross-origin request, errors included.
    public func append(to fields: inout Fields) {
        fields.append("access-control-allow-origin", "*")
        switch self {
        case .fixed:
            fields.append("access-control-expose-headers", "X-Request-Id")
        case .reflecting:
            fields.append(
                "access-control-expose-headers",
                """
                X-Request-Id, X-Trace-Id, X-Upstream-Request-Id, Retry-After, Retry-After-Ms, \
                X-Should-Retry, X-RateLimit-Limit-Requests, X-RateLimit-Remaining-Requests, \
                X-RateLimit-Reset-Requests
                """)
        }
    }
}
