import YAML

/// One row of a section's table.
struct Setting<Root: Sendable>: Sendable {
    let name: String
    /// Type and bounds in words.
    let type: String
    let isRequired: Bool
    let why: String
    /// The default as the file would say it.
    let standard: @Sendable (Root) -> String
    let read: @Sendable (YAMLNode, inout Root, inout ConfigurationReader) -> Void
    /// The section the setting's value, or each entry of it, is made of.
    let section: (any Section.Type)?

    init<Value>(
        _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable,
        _ kind: ValueKind<Value>, isRequired: Bool = false, why: String
    ) {
        self.name = name
        self.type = kind.name
        self.isRequired = isRequired
        self.why = why
        self.section = kind.section
        standard = { kind.write($0[keyPath: path]) }
        read = { node, root, reader in
            if let value = kind.read(node, root[keyPath: path], &reader) {
                root[keyPath: path] = value
            }
        }
    }
}
