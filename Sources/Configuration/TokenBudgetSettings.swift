/// How a site holds its callers to their budgets of tokens.
public struct TokenBudgetSettings: Sendable, Equatable {
    /// When a request is admitted.
    public enum Admission: String, Sendable, CaseIterable {
        case reserve, check
    }

    public var admission = Admission.reserve
    /// What an answer may take where neither the request nor its model bounds it.
    public var outputTokens = 1_024
    public var models: [ModelTokenSettings] = []
    /// Whether `tokensPerMonth` of keys is enforced.
    public var limitsKeys = false

    public init() {}
}
