import YAML

extension ValueKind where Value: Section {
    /// A mapping that is a section of its own.
    static var section: ValueKind {
        ValueKind(
            name: "section",
            read: { node, current, reader in
                var value = current ?? Value.initial(for: node)
                reader.read(node, into: &value)
                return value
            }, write: changes, section: Value.self)
    }

    /// What differs from the section's own defaults, as the file would say it.
    private static func changes(_ value: Value) -> String {
        let usual = Value()
        let changed = Value.settings.filter { $0.standard(value) != $0.standard(usual) }
        guard !changed.isEmpty else { return "" }
        return "{" + changed.map { "\($0.name): \($0.standard(value))" }.joined(separator: ", ")
            + "}"
    }

    /// Kept unread: whoever reads it knows what it starts from.
    static func deferred() -> ValueKind<YAMLNode?> {
        ValueKind<YAMLNode?>(
            name: "section", read: { node, _, _ in node }, write: { _ in "" }, section: Value.self)
    }
}

extension ValueKind {
    /// A list, its entries in the order of the file.
    static func list<E>(
        of kind: ValueKind<E>, minimum: Int = 0, isOneAllowed: Bool = false
    ) -> ValueKind where Value == [E] {
        let name = "list of: " + kind.name + (minimum > 0 ? "; at least one" : "")
        return ValueKind(
            name: name,
            read: { node, _, reader in
                guard let nodes = items(node, isOneAllowed, &reader) else { return nil }
                if nodes.count < minimum {
                    reader.report("expected at least one entry", at: node.mark)
                }
                return nodes.compactMap { kind.read($0, nil, &reader) }
            },
            write: { values in
                values.isEmpty ? "" : "[" + values.map(kind.write).joined(separator: ", ") + "]"
            }, section: kind.section)
    }

    private static func items(
        _ node: YAMLNode, _ isOneAllowed: Bool, _ reader: inout ConfigurationReader
    ) -> [YAMLNode]? {
        switch node.value {
        case .sequence(let nodes): return nodes
        case .scalar where node.isNull: return []
        case .scalar where isOneAllowed: return [node]
        default:
            reader.report("expected a list", at: node.mark)
            return nil
        }
    }
}
