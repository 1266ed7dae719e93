import YAML

extension RequestHeaderSettings: Section {
    static let title = "sites[].requestHeaders"
    static let purpose = """
        What the requests of a site carry upstream besides, or in place of, what their clients \
        sent. To whichever upstream they go: a secret that is meant for one of them is that one's \
        `credential`.
        """
    static let settings: [Setting<RequestHeaderSettings>] = [
        Setting(
            "set", \.set, .list(of: .section),
            why: "Fields of the operator's, up to \(mostFields). A client's own of the same name "
                + "are dropped."),
        Setting(
            "remove", \.remove, .list(of: .fieldNameOrBeginning),
            why: "Fields of clients that stay here; `x-internal-*` stands for all that begin so."),
    ]

    private static let mostFields = 32

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if set.count > Self.mostFields {
            reader.report("expected at most \(Self.mostFields) fields", at: node.mark(of: "set"))
        }
        for (index, place) in zip(set.indices, node["set"]?.items ?? []) {
            let name = set[index].name
            if set[..<index].contains(where: { $0.name == name }) {
                reader.report("\(name) stands here twice", at: place.mark)
            }
        }
        for (name, place) in zip(remove, node["remove"]?.items ?? []) {
            if let needed = ReservedFields.needed.first(where: { Self.covers(name, $0) }) {
                reader.report("without \(needed) a body cannot be read", at: place.mark)
            }
        }
    }

    private static func covers(_ pattern: String, _ name: String) -> Bool {
        pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
    }
}

extension ValueKind where Value == String {
    fileprivate static var fieldNameOrBeginning: ValueKind {
        // `*` is a letter of field names.
        scalar("header field name, or the beginning of names with `*`", write: { $0 }) { text in
            let hasStarInside = text.dropLast().contains("*")
            return Names.isToken(text) && !hasStarInside ? text.lowercased() : nil
        }
    }
}
