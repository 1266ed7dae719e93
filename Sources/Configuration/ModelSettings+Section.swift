import YAML

extension ModelSettings: Section {
    static let title = "sites[].models[]"
    static let purpose = """
        Where requests for some models go, and what they are called there. The first entry that \
        fits holds; a model that none fits goes to the site's upstream as it is.
        """
    static let settings: [Setting<ModelSettings>] = [
        Setting(
            "model", \.model, .text("model", limit: 256), isRequired: true,
            why: "As clients name it; `gpt-4*` stands for all names that begin so."),
        Setting(
            "as", \.upstreamName, .optional(.text("model", limit: 256)),
            why: "As the upstream names it. The rest of the body stays as it is."),
        Setting(
            "upstream", \.upstream, .optional(.reference(to: .upstream)),
            why: "Who serves it, instead of the site's upstream."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if model.dropLast().contains("*") {
            reader.report("`*` may stand at the end only", at: node.mark(of: "model"))
        }
        if upstreamName == nil, upstream == nil {
            reader.report("\"as\" or \"upstream\" is missing", at: node.mark)
        }
    }
}
