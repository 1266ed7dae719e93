extension TierSettings: Section {
    static let title = "organizations[].projects[].tiers[]"
    static let purpose = "What each user of one tier may use. What is not set is the project's."
    static let settings: [Setting<TierSettings>] = [
        Setting(
            "name", \.name, .text(limit: 64), isRequired: true,
            why: "What tokens call it; stands in quota errors."),
        Setting(
            "number", \.number, .optionalWhole(0...1_000_000),
            why: "Another name for it, where tokens count tiers."),
        Setting(
            "requestsPerMinute", \.requestsPerMinute, .optionalWhole(0...1_000_000_000),
            why: "Of each user."),
        Setting(
            "requestsPerDay", \.requestsPerDay, .optionalWhole(0...1_000_000_000_000),
            why: "Of each user, in a day, UTC. A quota: beyond it the tier is named."),
        Setting(
            "tokensPerDay", \.tokensPerDay, .optionalWhole(0...1_000_000_000_000),
            why: "Of each user, prompts and answers together, in a day, UTC."),
        Setting(
            "tokensPerMonth", \.tokensPerMonth, .optionalWhole(0...1_000_000_000_000),
            why: "The same in a month, UTC."),
    ]
}

extension ValueKind where Value == Int? {
    fileprivate static func optionalWhole(_ range: ClosedRange<Int>) -> ValueKind {
        .optional(.whole(range))
    }
}
