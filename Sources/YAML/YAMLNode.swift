/// One node of a YAML document, with the place it stands at.
public struct YAMLNode: Sendable, Equatable {
    /// What the node is.
    public enum Value: Sendable, Equatable {
        /// Text as it reads after unquoting and folding. `isPlain`: it was written without quotes,
        /// so it may stand for a number, a boolean or null; quoted and block scalars are always
        /// text.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        /// In the order of the file; no key occurs twice.
        case mapping([YAMLPair])
    }

    public var value: Value
    public var mark: Mark

    public init(_ value: Value, at mark: Mark) {
        self.value = value
        self.mark = mark
    }

    /// Whether the node is empty, `~` or `null` without quotes.
    public var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = value else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }
}
