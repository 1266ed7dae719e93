/// What the users of one tier of a project may use. What is not set is the project's.
public struct Tier: Sendable {
    public let name: String
    /// Another name for it, in tokens that count tiers; nil: it has none.
    public let number: Int?
    /// Of each user.
    public let limits: RequestLimits
    public let tokens: TokenLimits

    public init(
        name: String, number: Int? = nil, limits: RequestLimits = .unlimited,
        tokens: TokenLimits = .unlimited
    ) {
        self.name = name
        self.number = number
        self.limits = limits
        self.tokens = tokens
    }
}
