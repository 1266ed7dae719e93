import YAML

extension ModelTargetSettings: Section {
    static let title = "sites[].models[].targets[]"
    static let purpose = "One way to have a model served."
    static let settings: [Setting<ModelTargetSettings>] = [
        Setting(
            "upstream", \.upstream, .optional(.reference(to: .upstream)),
            why: "Who serves it, instead of the site's upstream."),
        Setting(
            "as", \.upstreamName, .optional(.text("model", limit: 256)),
            why: "As the upstream names it. The rest of the body stays as it is."),
        Setting(
            "weight", \.weight, .whole(1...1_000),
            why: "Its share of the requests, beside the other targets' weights. Fallbacks have "
                + "none."),
        Setting(
            "credential", \.credentialSource, .optional(.section),
            why: "Shown to the upstream instead of its own, in the same field."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if let place = node["credential"] {
            credential = credentialSource?.fieldValue(place, &reader)
        }
    }
}
