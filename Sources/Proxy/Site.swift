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
    public let permission: Permission
    /// The body names a model, in a form that is passed on unread (multipart).
    public var hidesModel: Bool { body == .stream && !name.hasSuffix("/**") }
    /// Its streams tell their usage only where `stream_options` ask for it.
    let takesStreamOptions: Bool
    /// Its requests are put to a model, so that a missing one can be filled in.
    let isAboutModel: Bool

    public init(
        name: String, action: Action, body: Body, bodyLimit: Int, upstreamPath: [UInt8] = [],
        errorShape: StreamShape, document: ServedDocument? = nil, number: Int = 0,
        permission: Permission = .none
    ) {
        self.name = name
        self.action = action
        self.body = body
        self.bodyLimit = bodyLimit
        self.upstreamPath = upstreamPath
        self.errorShape = errorShape
        self.document = document
        self.number = number
        self.permission = permission
        takesStreamOptions = action == .forward && body == .json && name.hasSuffix("/completions")
        isAboutModel =
            body == .json
            && ["/completions", "/responses", "/messages"].contains { name.hasSuffix($0) }
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
    /// Indices in the snapshot's token issuers; none: no token is believed.
    public let tokenIssuers: [Int]
    /// Of each client address; nil: none.
    public let addressLimit: AddressLimit?
    /// The upstream is told who calls.
    public let sendsIdentityFields: Bool
    public let budgetRules: BudgetRules
    public let models: ModelRules
    /// Shown to the site's upstream in place of its own; nil: that.
    public let credential: OperatorCredential?

    public init(
        name: String, dialect: Dialect, routes: RouteTable, actions: [Route], identity: Identity,
        keys: KeyTable, requestHeaders: RequestHeaderPolicy,
        responseHeaders: ResponseHeaderPolicy, latencyField: String?,
        sendsRateLimitFields: Bool, crossOrigin: CrossOriginPolicy, upstream: Int,
        number: Int = 0,
        tunnelUpstream: Int? = nil, acceptsSubprotocolKeys: Bool = false,
        tokenIssuers: [Int] = [], addressLimit: AddressLimit? = nil,
        sendsIdentityFields: Bool = false,
        budgetRules: BudgetRules = BudgetRules(), models: ModelRules = ModelRules(),
        credential: OperatorCredential? = nil
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
        self.tokenIssuers = tokenIssuers
        self.addressLimit = addressLimit
        self.sendsIdentityFields = sendsIdentityFields
        self.budgetRules = budgetRules
        self.models = models
        self.credential = credential
    }
}
