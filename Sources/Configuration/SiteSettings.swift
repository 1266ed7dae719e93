/// A set of host names with its own dialect, identities, limits, routes and upstream.
public struct SiteSettings: Sendable {
    /// Whose errors and defaults the site has.
    public enum Dialect: String, Sendable, CaseIterable {
        case openai, bve
    }

    /// When a minute of `requestsPerMinute` begins.
    public enum MinuteWindow: String, Sendable, CaseIterable {
        /// Opened by the first request, 60 s long.
        case anchoredMinute
        /// The minute of the UTC clock.
        case calendarMinute
        /// Whole minutes since 1970 (differs from the calendar's in its reported reset only).
        case epochAligned
    }

    public var name = ""
    /// Lower case, without a port. Empty: the site of every host that no other site names.
    public var hosts: [String] = []
    public var dialect = Dialect.openai
    /// Whether an error envelope has a `param` member.
    public var errorParam = true
    /// Name of an entry of `Configuration.upstreams`.
    public var upstream = ""
    /// In order: the first that matches wins. Never empty.
    public var routes: [RouteSettings] = []
    /// Whether routes with the action `openapi` are served.
    public var openapi = true
    public var responseHeaders = ResponseHeaderRule.passAll
    /// Lower case; nil: no such field is sent.
    public var latencyHeader: String?
    public var crossOrigin = CrossOriginSettings()
    public var keyPrefix = "sk-"
    public var rateLimitHeaders = true
    /// Whether a key among the subprotocols of a WebSocket counts, as browsers send it.
    public var webSocketSubprotocolKeys = false
    public var bodyLimitBytes = 10_485_760
    /// For keys that set no limits of their own.
    public var defaultLimits = KeyLimits()
    public var minuteWindow = MinuteWindow.anchoredMinute
    /// Of the file and of `keysFile` together; ids and hashes are unique in the whole
    /// configuration.
    public var keys: [KeyEntry] = []

    /// Absolute path of the file more keys were read from.
    public var keysFile: String?

    public init() { self.init(dialect: .openai) }

    /// A site with the defaults of `dialect`.
    public init(dialect: Dialect) {
        self.dialect = dialect
        switch dialect {
        case .openai:
            routes = RoutePreset.openai.routes
        case .bve:
            routes = RoutePreset.bve.routes
            errorParam = false
            crossOrigin = .bve
            keyPrefix = "sk-bve-"
            defaultLimits = KeyLimits(requestsPerMinute: 60, requestsPerDay: 10_000)
        }
    }
}
