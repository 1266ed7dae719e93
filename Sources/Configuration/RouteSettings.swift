/// Methods and a path pattern of a site, and what happens to the requests that match.
public struct RouteSettings: Sendable, Equatable {
    /// What is done with a request.
    public enum Action: String, Sendable, CaseIterable {
        case forward
        /// Answered by the gateway itself, without a key.
        case health
        /// Answered by the gateway with the description of the site, without a key.
        case openapi
        /// The old completions API, answered through chat completions; never as a stream.
        case legacyCompletions
        /// Opens a WebSocket to the upstream and passes on what flows.
        case websocket
    }

    /// What is done with the request body before it goes upstream.
    public enum Body: String, Sendable, CaseIterable {
        /// Collected, and refused unless it is one JSON object.
        case json
        /// Passed on piece by piece.
        case stream
        /// Dropped: the route takes no body.
        case none
    }

    /// How a failure within an event stream is worded.
    public enum ErrorShape: String, Sendable, CaseIterable {
        case envelope, responses, anthropic
    }

    /// HEAD follows GET and is not named.
    public var methods: [String]
    public var path: PathPattern
    public var action = Action.forward
    public var body: Body
    /// nil: the site's.
    public var bodyLimitBytes: Int?
    /// The path for the upstream in place of the request's, before `basePath` is applied; only
    /// where `path` is without parameters.
    public var upstreamPath: String?
    public var errorShape: ErrorShape
    /// Exactly this scope is demanded of the caller.
    public var scope: String?
    /// One of these roles is demanded; empty: any.
    public var roles: [String] = []

    init() { self.init([], .root, body: .stream) }

    public init(
        _ methods: [String], _ path: PathPattern, body: Body, errorShape: ErrorShape = .envelope,
        action: Action = .forward, upstreamPath: String? = nil
    ) {
        self.methods = methods
        self.path = path
        self.body = body
        self.errorShape = errorShape
        self.action = action
        self.upstreamPath = upstreamPath
    }
}
