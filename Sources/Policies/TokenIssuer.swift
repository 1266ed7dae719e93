/// Somebody whose tokens are believed, and by which rules.
public struct TokenIssuer: Sendable {
    public let name: String
    public let rules: TokenRules
    /// Verified tokens that one worker remembers.
    public let cacheEntries: Int
    public let demand: KeyDemand

    public init(name: String, rules: TokenRules, cacheEntries: Int, demand: KeyDemand) {
        self.name = name
        self.rules = rules
        self.cacheEntries = cacheEntries
        self.demand = demand
    }
}
