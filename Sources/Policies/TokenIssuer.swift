/// Somebody whose tokens are believed, and by which rules.
public struct TokenIssuer: Sendable {
    public let name: String
    public let rules: TokenRules
    public let holders: TokenHolders
    /// Verified tokens that one worker remembers.
    public let cacheEntries: Int
    public let demand: KeyDemand

    public init(
        name: String, rules: TokenRules, holders: TokenHolders, cacheEntries: Int,
        demand: KeyDemand
    ) {
        self.name = name
        self.rules = rules
        self.holders = holders
        self.cacheEntries = cacheEntries
        self.demand = demand
    }
}
