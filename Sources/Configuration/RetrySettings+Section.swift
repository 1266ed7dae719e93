extension RetrySettings: Section {
    static let title = "upstreams[].retries"
    static let purpose = """
        How many requests may be on their way for the second time at once. Which may be at all is \
        no setting: never one that may have been processed.
        """
    static let settings: [Setting<RetrySettings>] = [
        Setting(
            "budgetPercent", \.budgetPercent, .whole(0...100),
            why: "Of a worker's active requests to the upstream: one that fails is not asked twice "
                + "as often."),
        Setting(
            "minimum", \.minimum, .whole(0...1_000),
            why: "Allowed however few are active, to each worker."),
    ]
}
