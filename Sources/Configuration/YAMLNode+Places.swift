import YAML

extension YAMLNode {
    /// The value of `key` in a mapping.
    subscript(key: String) -> YAMLNode? {
        guard case .mapping(let pairs) = value else { return nil }
        return pairs.first { $0.key == key }?.value
    }

    /// The entries of a sequence; none for anything else.
    var items: [YAMLNode] {
        guard case .sequence(let nodes) = value else { return [] }
        return nodes
    }

    /// Where the value of `key` stands, or else the node itself.
    func mark(of key: String) -> Mark { self[key]?.mark ?? mark }
}
