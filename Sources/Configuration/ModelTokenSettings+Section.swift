extension ModelTokenSettings: Section {
    static let title = "sites[].tokenBudgets.models[]"
    static let purpose = "What an answer of one model may take."
    static let settings: [Setting<ModelTokenSettings>] = [
        Setting(
            "model", \.model, .text(limit: 256), isRequired: true,
            why: "Its name, as requests spell it."),
        Setting(
            "outputTokens", \.outputTokens, .whole(0...1_000_000_000), isRequired: true,
            why: "Where a request to it sets no bound of its own."),
    ]
}
