import HTTP
import Kernel

/// What pages of other origins may do (Fetch standard, section 3.2). Rendered once; an answer costs
/// a few copies.
public struct CrossOriginPolicy: Sendable {
    /// Whose pages may read the answers.
    public enum Origins: Sendable {
        /// Any page's, without cookies: the credential is a key that the page must hold itself.
        case any
        /// Exactly these, as browsers write them; none of them: nobody's.
        case listed([[UInt8]])
    }

    /// Which fields a page may send.
    public enum RequestFields: Sendable {
        /// Whatever it asks for: the SDKs send `x-stainless-*`.
        case reflected
        case listed([UInt8])
    }

    private let origins: Origins
    /// Whether cookies and client certificates may go along; never with `Origins.any`.
    private let allowsCredentials: Bool
    private let requestFields: RequestFields
    private let exposed: [UInt8]
    private let maxAge: [UInt8]

    public init(
        origins: Origins = .any, allowsCredentials: Bool = false,
        requestFields: RequestFields = .reflected, exposedFields: [String] = [],
        maxAgeSeconds: Int = 86_400
    ) {
        self.origins = origins
        if case .any = origins {
            self.allowsCredentials = false
        } else {
            self.allowsCredentials = allowsCredentials
        }
        self.requestFields = requestFields
        exposed = Array(exposedFields.joined(separator: ", ").utf8)
        maxAge = Array(String(maxAgeSeconds).utf8)
    }

    /// Whether the request is a preflight: it asks for permission and carries no credential.
    public static func isPreflight(_ method: Method, _ fields: borrowing Fields) -> Bool {
        method == .options && fields.contains(.origin)
            && fields.contains(.accessControlRequestMethod)
    }

    /// The answer to a preflight, without the fields of `append`.
    public func appendPreflight(_ request: borrowing Fields, to fields: inout Fields) {
        guard allows(request) else { return }
        fields.append("access-control-allow-methods", "GET, POST, DELETE, OPTIONS")
        switch requestFields {
        case .listed(let names):
            fields.append("access-control-allow-headers") { $0.append(names) }
        case .reflected:
            if let wanted = request.first(.accessControlRequestHeaders) {
                fields.append("access-control-allow-headers") { $0.append(wanted) }
            }
            fields.append("vary", "Access-Control-Request-Headers")
        }
        fields.append("access-control-max-age") { $0.append(maxAge) }
    }

    /// What stands on every answer to a cross-origin request, errors included.
    public func append(_ request: borrowing Fields, to fields: inout Fields) {
        if case .listed = origins { fields.append("vary", "Origin") }
        guard let origin = request.first(.origin), allows(request) else { return }
        if case .any = origins {
            fields.append("access-control-allow-origin", "*")
        } else {
            fields.append("access-control-allow-origin") { $0.append(origin) }
        }
        if allowsCredentials { fields.append("access-control-allow-credentials", "true") }
        if !exposed.isEmpty {
            fields.append("access-control-expose-headers") { $0.append(exposed) }
        }
    }

    private func allows(_ request: borrowing Fields) -> Bool {
        switch origins {
        case .any: return true
        case .listed(let list):
            guard let origin = request.first(.origin) else { return false }
            for known in list where origin.equals(known.span) { return true }
            return false
        }
    }
}
