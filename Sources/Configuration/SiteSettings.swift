/// A set of host names with its own dialect, identities, limits, routes and upstream.
public struct SiteSettings: Sendable {
    /// Whose errors and defaults the site has.
    public enum Dialect: String, Sendable, CaseIterable {
        case openai, bve
        /// Behest's data plane.
        case behest
        /// Behest's management APIs.
        case behestAdmin
        /// OneCLI's management API, and the same since its errors are objects.
        case onecli, onecliObject
        /// OneCLI's forward proxy.
        case onecliGateway
        /// DevSphere's public API.
        case devsphere
    }

    /// Who words Behest's errors: its data plane, or Kong before it.
    public enum EdgeDialect: String, Sendable, CaseIterable {
        case data, kong
    }

    /// How a caller may say who it is.
    public enum Credential: String, Sendable, CaseIterable {
        case key, token
    }

    /// A field beside Authorization that may hold the credential.
    public enum CredentialPlace: String, Sendable, CaseIterable {
        case xAPIKey = "x-api-key"
        case apiKey = "api-key"
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
    /// Whether an error envelope of OpenAI's has a `param` member.
    public var errorParam = true
    /// Of `behest` only.
    public var edgeDialect = EdgeDialect.data
    /// Name of an entry of `Configuration.upstreams`.
    public var upstream = ""
    /// Shown to that upstream in place of its own; nil: that.
    public var credential: Secret?
    /// nil: requests without a model go on as they are.
    public var defaultModel: String?
    /// In order: the first that fits holds.
    public var models: [ModelSettings] = []
    /// In order: the first that matches wins. Never empty.
    public var routes: [RouteSettings] = []
    /// Whether routes with the action `openapi` are served.
    public var openapi = true
    public var requestHeaders = RequestHeaderSettings()
    public var responseHeaders = ResponseHeaderRule.passAll
    /// Lower case; nil: no such field is sent.
    public var latencyHeader: String?
    public var crossOrigin = CrossOriginSettings()
    public var credentials: [Credential] = [.key]
    public var credentialFields: [CredentialPlace] = []
    /// Names of entries of `Configuration.tokenIssuers`.
    public var tokenIssuers: [String] = []
    public var keyPrefix = "sk-"
    public var rateLimitHeaders = true
    public var identityHeaders = false
    /// nil: unlimited.
    public var addressRequestsPerMinute: Int?
    /// Whether a key among the subprotocols of a WebSocket counts, as browsers send it.
    public var webSocketSubprotocolKeys = false
    public var bodyLimitBytes = 10_485_760
    /// For keys that set no limits of their own.
    public var defaultLimits = KeyLimits()
    public var minuteWindow = MinuteWindow.anchoredMinute
    public var tokenBudgets = TokenBudgetSettings()
    /// Of the file and of `keysFile` together; ids and hashes are unique in the whole
    /// configuration.
    public var keys: [KeyEntry] = []

    /// Absolute path of the file more keys were read from.
    public var keysFile: String?

    // What `credential` is worked out from.
    var credentialSource: CredentialSource?

    public init() { self.init(dialect: .openai) }

    /// A site with the defaults of `dialect`.
    public init(dialect: Dialect) {
        self.dialect = dialect
        routes = RoutePreset(of: dialect).routes
        switch dialect {
        case .openai: break
        case .bve:
            errorParam = false
            crossOrigin = .bve
            keyPrefix = "sk-bve-"
            defaultLimits = KeyLimits(requestsPerMinute: 60, requestsPerDay: 10_000)
        case .behest:
            credentials = [.token]
            defaultModel = "gemini-2.5-flash"
            identityHeaders = true
            addressRequestsPerMinute = 120
            minuteWindow = .calendarMinute
        case .behestAdmin:
            keyPrefix = "behest_sk_live_"
            minuteWindow = .calendarMinute
        case .onecli, .onecliObject:
            keyPrefix = "oc_"
            minuteWindow = .epochAligned
        case .onecliGateway:
            keyPrefix = "aoc_"
            minuteWindow = .epochAligned
        case .devsphere:
            keyPrefix = "dvs_live_"
            defaultLimits = KeyLimits(requestsPerMinute: 120)
        }
    }
}
