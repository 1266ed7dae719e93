import YAML

/// YAML files.
enum YAMLCheck {
    static func run(_ input: Span<UInt8>) throws(Violation) {
        let places = Places(input)
        var bounds = YAML.Bounds()
        bounds.nodes = 10_000
        let root: YAMLNode
        do throws(YAMLError) {
            root = try YAML.parse(input, bounds: bounds)
        } catch {
            return try places.admit(error.mark.line, error.mark.column, error.message)
        }
        var left = bounds.nodes
        try check(root, places, depth: bounds.depth, &left)
    }

    private static func check(
        _ node: YAMLNode, _ places: Places, depth: Int, _ left: inout Int
    ) throws(Violation) {
        left -= 1
        try require(left >= 0, "a tree larger than its bound")
        try places.admit(node.mark.line, node.mark.column, "a node")
        switch node.value {
        case .scalar: return
        case .sequence(let items):
            try require(depth > 0, "a tree deeper than its bound")
            for item in items { try check(item, places, depth: depth - 1, &left) }
        case .mapping(let pairs):
            try require(depth > 0, "a tree deeper than its bound")
            try require(Set(pairs.map(\.key)).count == pairs.count, "a key occurs twice")
            for pair in pairs {
                left -= 1
                try places.admit(pair.keyMark.line, pair.keyMark.column, "a key")
                try check(pair.value, places, depth: depth - 1, &left)
            }
        }
    }
}
