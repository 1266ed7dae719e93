extension TokenBudgetSettings: Section {
    static let title = "sites[].tokenBudgets"
    static let purpose = """
        How callers are held to `tokensPerDay` and `tokensPerMonth`. Where nobody's tokens are \
        limited none of it has an effect.
        """
    static let settings: [Setting<TokenBudgetSettings>] = [
        Setting(
            "admission", \.admission, .choice,
            why: "`reserve`: a request is admitted where the budget has room for its estimate, a "
                + "fourth of its body's bytes and the bound of its answer, which it holds until "
                + "its cost is known. `check`: where anything is left; the last answers may go "
                + "beyond."),
        Setting(
            "outputTokens", \.outputTokens, .whole(0...1_000_000_000),
            why: "What an answer is reserved where the request sets none of `max_tokens`, "
                + "`max_completion_tokens` and `max_output_tokens`."),
        Setting("models", \.models, .list(of: .section), why: "The same for single models."),
        Setting(
            "limitsKeys", \.limitsKeys, .bool,
            why: "Whether `tokensPerMonth` of keys is enforced. Otherwise it is only stored."),
    ]
}
