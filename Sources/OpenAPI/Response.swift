import Configuration
import Errors

/// What comes back from an operation with one status, or one class of them. Equal ones are written
/// once.
enum Response: Equatable {
    /// What the upstream answers with success. The shape is that of an error in a stream; nil: it
    /// does not stream.
    case forwarded(RouteSettings.ErrorShape?)
    /// The upstream's answer to a request to look elsewhere.
    case redirected
    /// What the upstream refuses in its own words.
    case refusedUpstream
    /// What the gateway refuses. `mayBeUpstreams`: the upstream could have, in other words.
    case refused(Refusal)
    /// Any status of a class, without a body: the answer to HEAD.
    case bodiless(String)
    case healthy
    case document
    case notModified
    case opened(status: String)
    case translated

    /// The errors of one status that one operation may be answered with.
    struct Refusal: Equatable {
        let status: Int
        /// In the catalogue's order.
        let errors: [GatewayError]
        /// The words for programs that the dialect has for them.
        let codes: [String]
        /// What a body is held against, where that is refused.
        let bodyLimit: Int?
        let mayBeUpstreams: Bool
    }

    var status: String {
        switch self {
        case .forwarded, .translated: "2XX"
        case .redirected: "3XX"
        case .refusedUpstream: "4XX"
        case .refused(let refusal): String(refusal.status)
        case .bodiless(let status), .opened(let status): status
        case .healthy, .document: "200"
        case .notModified: "304"
        }
    }

    /// The name among the components.
    var name: String {
        switch self {
        case .forwarded(let shape): shape.map { "forwarded.\($0.rawValue)" } ?? "forwarded"
        case .redirected: "redirected"
        case .refusedUpstream: "refused.upstream"
        case .refused(let refusal): refusal.name
        case .bodiless(let status): "head.\(status)"
        case .healthy: "healthy"
        case .document: "document"
        case .notModified: "document.unchanged"
        case .opened(let status): "opened.\(status)"
        case .translated: "translated"
        }
    }
}

extension Response.Refusal {
    fileprivate var name: String {
        let parts =
            [String(status)] + unique(errors.map(\.facts.logCode.description))
            + (bodyLimit.map { [String($0)] } ?? [])
            + (mayBeUpstreams ? ["upstream"] : [])
        return parts.joined(separator: ".")
    }
}

extension Operation {
    /// Everything that may come back, by status.
    var responses: [Response] {
        if method == .head { return bodiless }
        return successes + refusals + (isOwn ? [] : [.redirected, .refusedUpstream])
    }

    private var successes: [Response] {
        switch route.action {
        case .forward: [.forwarded(mayStream ? route.errorShape : nil)]
        case .health: [.healthy]
        case .openapi: [.document, .notModified]
        case .legacyCompletions: [.translated]
        // HTTP/1.1 and HTTP/2 each have a status for it.
        case .websocket: [.opened(status: "101"), .opened(status: "200")]
        }
    }

    private var refusals: [Response] {
        let errors = GatewayError.examples.filter(mayFail)
        return Set(errors.map(dialect.status)).sorted().map { status in
            let alike = errors.filter { dialect.status(of: $0) == status }
            let codes = unique(alike.map { dialect.code(of: $0).description })
            return .refused(
                Response.Refusal(
                    status: status, errors: alike, codes: codes.filter { !$0.isEmpty },
                    bodyLimit: status == 413 ? bodyLimit : nil,
                    mayBeUpstreams: !isOwn && status < 500))
        }
    }

    /// HEAD is answered as GET is, without the body.
    private var bodiless: [Response] {
        let classes = route.action == .openapi ? ["200", "304"] : isOwn ? ["200"] : ["2XX", "3XX"]
        return (classes + ["4XX", "5XX"]).map { .bodiless($0) }
    }
}

/// The values in their order, each once.
func unique(_ values: [String]) -> [String] {
    var known: Set<String> = []
    return values.filter { known.insert($0).inserted }
}
