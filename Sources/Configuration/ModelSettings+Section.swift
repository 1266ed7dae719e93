import YAML

extension ModelSettings: Section {
    static let title = "sites[].models[]"
    static let purpose = """
        Where requests for some models go, and what they are called there. The first entry that \
        fits holds; a model that none fits goes to the site's upstream as it is. What an upstream \
        does not serve, because it cannot be reached or answers with one of `fallbackOn`, goes to \
        the next fallback; the client gets the last one's answer.
        """
    static let settings: [Setting<ModelSettings>] = [
        Setting(
            "model", \.model, .text("model", limit: 256), isRequired: true,
            why: "As clients name it; `gpt-4*` stands for all names that begin so."),
        Setting(
            "as", \.only.upstreamName, .optional(.text("model", limit: 256)),
            why: "As the upstream names it. The rest of the body stays as it is."),
        Setting(
            "upstream", \.only.upstream, .optional(.reference(to: .upstream)),
            why: "Who serves it, instead of the site's upstream."),
        Setting(
            "credential", \.only.credentialSource, .optional(.section),
            why: "Shown to the upstream instead of its own, in the same field."),
        Setting(
            "targets", \.targets, .list(of: .section),
            why: "Several, up to \(mostTargets), instead of the one that `as`, `upstream` and "
                + "`credential` name. Each request goes to one of them, drawn by weight."),
        Setting(
            "fallbacks", \.fallbacks, .list(of: .section),
            why: "Up to \(mostFallbacks), asked in this order when that one does not serve the "
                + "request."),
        Setting(
            "fallbackOn", \.fallbackOn, .list(of: .whole(400...599)),
            why: "Statuses that mean as much. What an upstream may have begun with, because the "
                + "connection broke or it is silent, is never asked for twice."),
    ]

    private static let mostTargets = 16
    private static let mostFallbacks = 8

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if model.dropLast().contains("*") {
            reader.report("`*` may stand at the end only", at: node.mark(of: "model"))
        }
        only.finish(node, &reader)
        let hasOnly = only != ModelTargetSettings()
        if targets.isEmpty {
            if !hasOnly, fallbacks.isEmpty, node["targets"] == nil {
                reader.report("\"as\", \"upstream\" or \"targets\" is missing", at: node.mark)
            }
            targets = [only]
        } else if hasOnly {
            reader.report(
                "targets stand in place of as, upstream and credential",
                at: node.mark(of: "targets"))
        }
        if targets.count > Self.mostTargets {
            reader.report(
                "expected at most \(Self.mostTargets) targets", at: node.mark(of: "targets"))
        }
        checkFallbacks(node, &reader)
    }

    private func checkFallbacks(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if fallbacks.count > Self.mostFallbacks {
            reader.report(
                "expected at most \(Self.mostFallbacks) fallbacks", at: node.mark(of: "fallbacks"))
        }
        for place in node["fallbacks"]?.items ?? [] where place["weight"] != nil {
            reader.report(
                "weight has no meaning here: fallbacks are asked in their order",
                at: place.mark(of: "weight"))
        }
    }
}
