/// Somebody whose JSON Web Tokens are believed.
public struct TokenIssuerSettings: Sendable, Equatable {
    /// How tokens may be signed, by the names of RFC 7518 and RFC 8037.
    public enum Algorithm: String, CaseIterable, Sendable {
        case rs256 = "RS256"
        case rs384 = "RS384"
        case rs512 = "RS512"
        case ps256 = "PS256"
        case ps384 = "PS384"
        case ps512 = "PS512"
        case es256 = "ES256"
        case es384 = "ES384"
        case edDSA = "EdDSA"
        case hs256 = "HS256"
    }

    public var name = ""
    /// Exactly one of these three is set.
    public var keysFile: String?
    public var keysURL: DocumentURL?
    public var discoveryURL: DocumentURL?
    public var caFile: String?
    /// Milliseconds.
    public var refresh = 300_000
    /// Milliseconds.
    public var unknownKeyInterval = 30_000
    /// Milliseconds, for a whole reading.
    public var timeout = 10_000
    public var issuers: [String] = []
    public var audiences: [String] = []
    public var algorithms: [Algorithm] = [.rs256, .ps256, .es256, .es384, .edDSA]
    /// Seconds.
    public var leeway = 60
    public var requiredClaims: [String] = []
    public var claims = ClaimSettings()
    public var tenantMember: String? = "tid"
    public var maxTokenBytes = 8_192
    public var cacheEntries = 4_096
    /// Of each user where there are no projects; nil is unlimited.
    public var userRequestsPerMinute: Int?
    public var userRequestsPerDay: Int?
    public var userTokensPerDay: Int?
    public var userTokensPerMonth: Int?

    public init() {}
}
