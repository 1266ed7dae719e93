/// One entry of a mapping.
public struct YAMLPair: Sendable, Equatable {
    public var key: String
    public var keyMark: Mark
    public var value: YAMLNode

    public init(key: String, at keyMark: Mark, value: YAMLNode) {
        self.key = key
        self.keyMark = keyMark
        self.value = value
    }
}
