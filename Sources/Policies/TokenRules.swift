import Crypto

/// What an issuer's tokens must look like to be believed. Who issues and whom for is always
/// demanded: without issuers or audiences no token passes.
public struct TokenRules: Sendable {
    /// The most that clocks may differ: more would keep dead tokens alive.
    public static let longestLeeway = 60

    /// Values of `iss`, compared byte by byte.
    public var issuers: [[UInt8]]
    /// Values of `aud`, of which one must be among the token's.
    public var audiences: [[UInt8]]
    public var algorithms: SignatureAlgorithms
    /// Claims that must be there whatever they say, beside `exp`, `iss` and `aud`.
    public var requiredClaims: [[UInt8]] = []
    public var claims = ClaimMap()
    /// The longest token that is looked at.
    public var maxTokenBytes = 8_192
    private var leewaySeconds = 60

    public init(
        issuers: [String], audiences: [String], algorithms: SignatureAlgorithms = .asymmetric
    ) {
        self.issuers = issuers.map { Array($0.utf8) }
        self.audiences = audiences.map { Array($0.utf8) }
        self.algorithms = algorithms
    }

    /// Seconds by which clocks may differ, at most 60.
    public var leeway: Int {
        get { leewaySeconds }
        set { leewaySeconds = min(max(0, newValue), Self.longestLeeway) }
    }
}
