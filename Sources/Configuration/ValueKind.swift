import YAML

/// How values of one type are written in the file: read, bounded and described in one place.
struct ValueKind<Value>: Sendable {
    /// In words, for the reference page.
    let name: String
    /// The value of a node; nil after reporting why there is none. A section starts from the
    /// current value.
    let read: @Sendable (YAMLNode, Value?, inout ConfigurationReader) -> Value?
    /// As the file would say it; empty for nothing.
    let write: @Sendable (Value) -> String
    var section: (any Section.Type)?
}

extension ValueKind {
    /// One scalar that `parse` understands; otherwise the problem says what was `expected`.
    static func scalar(
        _ name: String, expected: String? = nil, isPlain: Bool = false,
        write: @escaping @Sendable (Value) -> String,
        parse: @escaping @Sendable (String) -> Value?
    ) -> ValueKind {
        ValueKind(
            name: name,
            read: { node, _, reader in
                guard case .scalar(let text, let wasPlain) = node.value, !node.isNull else {
                    reader.report("expected \(expected ?? name)", at: node.mark)
                    return nil
                }
                guard wasPlain || !isPlain, let value = parse(text) else {
                    reader.report("expected \(expected ?? name), not \"\(text)\"", at: node.mark)
                    return nil
                }
                return value
            }, write: write)
    }

    /// `kind`, or nothing at all: absent, null, or the word `none`.
    static func optional<W>(_ kind: ValueKind<W>) -> ValueKind where Value == W? {
        ValueKind(
            name: kind.name,
            read: { node, current, reader in
                if node.isNull || node.value == .scalar("none", isPlain: true) { return .some(nil) }
                return kind.read(node, current ?? nil, &reader).map { .some($0) }
            },
            write: { $0.map(kind.write) ?? "" }, section: kind.section)
    }
}
