extension KeyLimits: Section {
    static let title = "limits of a key"
    static let purpose = "What one key may use; counters belong to its id and outlive reloads."
    static let settings: [Setting<KeyLimits>] = [
        Setting(
            "requestsPerMinute", \.requestsPerMinute, count,
            why: "Exact, however many workers and connections race."),
        Setting("requestsPerDay", \.requestsPerDay, count, why: "Starts anew at midnight UTC."),
        Setting(
            "requestsPerMonth", \.requestsPerMonth, count,
            why: "Starts anew on the first of the month, UTC."),
        Setting(
            "tokensPerMonth", \.tokensPerMonth, count,
            why: "Prompt and completion tokens as the upstream counts them. Enforced where the "
                + "site's `tokenBudgets.limitsKeys` says so."),
    ]

    private static let count = ValueKind<Int?>.whole(0...1_000_000_000_000, or: "unlimited")

    init() { self.init(requestsPerMinute: nil) }
}
