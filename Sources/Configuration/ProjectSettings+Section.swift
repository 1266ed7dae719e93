import YAML

extension ProjectSettings: Section {
    static let title = "organizations[].projects[]"
    static let purpose = "What callers of one organization share: a host name, limits, tiers."
    static let settings: [Setting<ProjectSettings>] = place + limits

    private static let place: [Setting<ProjectSettings>] = [
        Setting(
            "id", \.id, .name(of: .project), isRequired: true,
            why: "What keys and tokens call it; counters belong to it."),
        Setting(
            "slug", \.slug, .optional(.label),
            why: "Its label where a site's host is `*.` and a name."),
        Setting("name", \.name, .text(limit: 255), why: "What it is, for people."),
        Setting("status", \.status, .choice, why: "A `suspended` one's callers are refused."),
        Setting(
            "killed", \.killed, .bool,
            why: "Its kill switch: while it is on, whoever is let in otherwise is answered 403."),
        Setting(
            "tiers", \.tiers, .list(of: .section), why: "Classes of users, named by tokens."),
        Setting(
            "model", \.model, .optional(.text("model", limit: 256)),
            why: "For chat requests that name none, or `default`, instead of the site's."),
        Setting(
            "crossOrigin", \.crossOrigin, .optional(.section),
            why: "What pages of other origins may do, instead of the site's."),
    ]

    private static let limits: [Setting<ProjectSettings>] = [
        Setting(
            "requestsPerMinute", \.requestsPerMinute,
            .whole(0...1_000_000_000, or: "unlimited"), why: "Of all its callers together."),
        Setting(
            "requestsPerDay", \.requestsPerDay, .whole(0...1_000_000_000_000, or: "unlimited"),
            why: "The same in a day, UTC."),
        Setting(
            "userRequestsPerMinute", \.userRequestsPerMinute,
            .whole(0...1_000_000_000, or: "auto"),
            why: "Of each user whose tier sets none. `auto`: a tenth of the project's, at least "
                + "3; unlimited where that is."),
        Setting(
            "tokensPerDay", \.tokensPerDay, tokens,
            why: "Prompts and answers of all its callers together, in a day, UTC."),
        Setting(
            "tokensPerMonth", \.tokensPerMonth, tokens, why: "The same in a month, UTC."),
        Setting(
            "userTokensPerDay", \.userTokensPerDay, tokens,
            why: "Of each user whose tier sets none, in a day, UTC."),
        Setting(
            "userTokensPerMonth", \.userTokensPerMonth, tokens,
            why: "The same in a month, UTC."),
    ]

    private static let tokens = ValueKind<Int?>.whole(0...1_000_000_000_000, or: "unlimited")

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        let nodes = node["tiers"]?.items ?? []
        var names: Set<String> = []
        for (tier, place) in zip(tiers, nodes) {
            let isNew =
                names.insert(tier.name).inserted
                && tier.number.map { names.insert(String($0)).inserted } ?? true
            if !isNew { reader.report("a second tier of that name", at: place.mark) }
        }
    }
}

extension ValueKind where Value == String {
    fileprivate static var label: ValueKind {
        scalar("label of a host name", write: { $0 }) { text in
            let label = text.lowercased()
            return HostName.isValid(label) && !label.contains(".") ? label : nil
        }.unique(.slug)
    }
}
