import Policies

/// What one request takes of its caller's token budgets, until it is settled.
final class Spending {
    let budget: TokenBudget
    /// Held in the budgets.
    var held = 0
    /// What its prompt was counted as.
    var prompt = 0
    /// What the answer may take at most; nil: the request says nothing.
    var ceiling: Int? = 0
    var isSettled = false
    /// Counted in the budgets in the end.
    var used = 0
    /// Counted because the upstream did not say.
    var estimated: Int?
    /// Takes out of the answer what the client did not ask for; nil: nothing.
    var filter: UsageEventFilter?

    init(_ budget: TokenBudget) { self.budget = budget }
}
