import Errors
import HTTP
import Kernel
import Policies

/// What happens to the requests of one route.
public final class Route: Sendable {
    /// What is done with a request.
    public enum Action: Sendable {
        case forward
        /// Answered by the gateway, without a credential.
        case health
        /// Answered by the gateway with the route's document, without a credential.
        case document
        /// The old completions API, answered through chat completions; refuses to stream.
        case legacyCompletions
        /// The stream becomes a tunnel.
        case webSocket
    }

    /// What is done with its body.
    public enum Body: Sendable {
        /// Collected and checked: one JSON object.
        case json
        /// Passed on piece by piece.
        case stream
        /// What comes is thrown away.
        case none
    }

    public let name: String
    public let action: Action
    public let body: Body
    public let bodyLimit: Int
    /// Stands in place of the request's path; empty: the request's own.
    public let upstreamPath: [UInt8]
    public let errorShape: StreamShape
    /// What `Action.document` answers with.
    public let document: ServedDocument?
    /// Its number among the subjects of the metrics.
    public let number: Int
    /// The body names a model, in a form that is passed on unread (multipart).
    public var hidesModel: Bool { body == .stream && !name.hasSuffix("/**") }

    public init(
        name: String, action: Action, body: Body, bodyLimit: Int, upstreamPath: [UInt8] = [],
        errorShape: StreamShape, document: ServedDocument? = nil, number: Int = 0
    ) {
        self.name = name
        self.action = action
        self.body = body
        self.bodyLimit = bodyLimit
        self.upstreamPath = upstreamPath
        self.errorShape = errorShape
        self.document = document
        self.number = number
    }
}

/// A set of host names with its dialect, identities, limits, routes and upstream.
public final class Site: Sendable {
    public let name: String
    public let dialect: Dialect
    public let routes: RouteTable
    public let actions: [Route]
    public let identity: Identity
    public let keys: KeyTable
    public let requestHeaders: RequestHeaderPolicy
    public let responseHeaders: ResponseHeaderPolicy
    /// Name of the field that tells the whole time in milliseconds; empty: none.
    public let latencyField: [UInt8]
    public let sendsRateLimitFields: Bool
    public let crossOrigin: CrossOriginPolicy
    /// Index in the snapshot's upstreams.
    public let upstream: Int
    /// The number, among the subjects of the metrics, of requests that match no route.
    public let number: Int
    /// The same for WebSocket: another where connections of its own are needed.
    public let tunnelUpstream: Int
    /// A key among the subprotocols of a WebSocket counts as a credential.
    public let acceptsSubprotocolKeys: Bool

    public init(
        name: String, dialect: Dialect, routes: RouteTable, actions: [Route], identity: Identity,
        keys: KeyTable, requestHeaders: RequestHeaderPolicy,
        responseHeaders: ResponseHeaderPolicy, latencyField: String?,
        sendsRateLimitFields: Bool, crossOrigin: CrossOriginPolicy, upstream: Int,
        number: Int = 0,
        tunnelUpstream: Int? = nil, acceptsSubprotocolKeys: Bool = false
    ) {
        self.name = name
        self.dialect = dialect
        self.routes = routes
        self.actions = actions
        self.identity = identity
        self.keys = keys
        self.requestHeaders = requestHeaders
        self.responseHeaders = responseHeaders
        self.latencyField = Array((latencyField ?? "").utf8)
        self.sendsRateLimitFields = sendsRateLimitFields
        self.crossOrigin = crossOrigin
        self.upstream = upstream
        self.number = number
        self.tunnelUpstream = tunnelUpstream ?? upstream
        self.acceptsSubprotocolKeys = acceptsSubprotocolKeys
    }
}

/// Which site answers for a host name.
public final class SiteDirectory: Sendable {
    private let hosts: [(name: [UInt8], site: Site)]
    /// The site of every host that is not listed; nil: such a host is refused.
    public let fallback: Site?
    /// For what fails before its site is known: the words of the site of every host, or those on
    /// which all sites agree, else OpenAI's.
    let commonDialect: Dialect

    public init(hosts: [(name: String, site: Site)], fallback: Site?) {
        self.hosts = hosts.map { (Array($0.name.utf8), $0.site) }
        self.fallback = fallback
        let first = fallback?.dialect ?? hosts.first?.site.dialect
        let isCommon = fallback != nil || hosts.allSatisfy { $0.site.dialect == first }
        commonDialect = isCommon ? first ?? .openAI(errorParam: true) : .openAI(errorParam: true)
    }

    /// The site for an authority (host and optional port, RFC 3986 section 3.2).
    public func site(for authority: borrowing ByteBuffer) -> Site? {
        if hosts.isEmpty { return fallback }
        let host = authority.slice(0..<hostCount(authority.bytes))
        for entry in hosts where host.equalsIgnoringCase(entry.name.span) { return entry.site }
        return fallback
    }

    private func hostCount(_ authority: Span<UInt8>) -> Int {
        let start =
            authority.count > 0 && authority[0] == UInt8(ascii: "[")
            ? authority.firstIndex(of: UInt8(ascii: "]")) ?? 0 : 0
        return authority.firstIndex(of: UInt8(ascii: ":"), from: start) ?? authority.count
    }
}
