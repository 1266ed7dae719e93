/// Makes a tree of the events and keeps it within bounds.
///
/// Aliases are expanded by value. Swift's arrays share their storage, so a “billion laughs”
/// document costs no memory here, but whoever walks the tree would pay: hence the count includes
/// every expansion.
struct TreeBuilder {
    private struct Anchored {
        var node: YAMLNode
        var nodes: Int
        var depth: Int
    }

    /// A finished node with its size, itself included.
    private typealias Built = Anchored

    private let bounds: YAML.Bounds
    private var anchors: [String: Anchored] = [:]
    private var nodes = 0

    init(bounds: YAML.Bounds) { self.bounds = bounds }

    mutating func document(from events: borrowing EventReader) throws(YAMLError) -> YAMLNode {
        _ = try events.next()
        let first = try events.next()
        guard case .documentStart = first.kind else {
            return YAMLNode(.scalar("", isPlain: true), at: Mark(line: 1, column: 1))
        }
        let root = try node(try events.next(), from: events, depth: 0).node
        _ = try events.next()
        let behind = try events.next()
        guard case .streamEnd = behind.kind else {
            throw YAMLError(
                .severalDocuments, at: behind.mark, "only one document per file is accepted")
        }
        return root
    }

    private mutating func node(
        _ event: YAMLEvent, from events: borrowing EventReader, depth: Int
    ) throws(YAMLError) -> Built {
        let before = nodes
        var built: Built
        switch event.kind {
        case .alias(let name): return try expanded(name, at: event.mark, depth: depth)
        case .sequenceStart:
            try enter(depth + 1, event.mark)
            built = try sequence(event, from: events, depth: depth + 1)
        case .mappingStart:
            try enter(depth + 1, event.mark)
            built = try mapping(event, from: events, depth: depth + 1)
        case .scalar(let text, let isPlain):
            let node = YAMLNode(.scalar(text, isPlain: isPlain), at: event.mark)
            built = Built(node: node, nodes: 1, depth: 0)
        default: throw YAMLError(.syntax, at: event.mark, "a value is missing")
        }
        try count(1, event.mark)
        built.nodes = nodes - before
        if let anchor = event.anchor { anchors[anchor] = built }
        return built
    }

    private mutating func sequence(
        _ start: YAMLEvent, from events: borrowing EventReader, depth: Int
    ) throws(YAMLError) -> Built {
        var items: [YAMLNode] = []
        var below = 0
        while true {
            let event = try events.next()
            if case .collectionEnd = event.kind { break }
            let item = try node(event, from: events, depth: depth)
            below = max(below, item.depth)
            items.append(item.node)
        }
        let node = YAMLNode(.sequence(items), at: start.mark)
        return Built(node: node, nodes: 0, depth: below + 1)
    }

    private mutating func mapping(
        _ start: YAMLEvent, from events: borrowing EventReader, depth: Int
    ) throws(YAMLError) -> Built {
        var pairs: [YAMLPair] = []
        var keys: Set<String> = []
        var below = 0
        while true {
            let event = try events.next()
            if case .collectionEnd = event.kind { break }
            let key = try key(event)
            guard keys.insert(key).inserted else {
                throw YAMLError(
                    .duplicateKey(key), at: event.mark, "\"\(key)\" occurs twice in this mapping")
            }
            let value = try node(try events.next(), from: events, depth: depth)
            below = max(below, value.depth)
            pairs.append(YAMLPair(key: key, at: event.mark, value: value.node))
        }
        let node = YAMLNode(.mapping(pairs), at: start.mark)
        return Built(node: node, nodes: 0, depth: below + 1)
    }

    private mutating func key(_ event: YAMLEvent) throws(YAMLError) -> String {
        guard case .scalar(let text, _) = event.kind else {
            throw YAMLError(.compositeKey, at: event.mark, "a key must be plain text")
        }
        try count(1, event.mark)
        if let anchor = event.anchor {
            let node = YAMLNode(event.kind.scalar ?? .scalar(text, isPlain: true), at: event.mark)
            anchors[anchor] = Anchored(node: node, nodes: 1, depth: 0)
        }
        return text
    }

    private mutating func expanded(
        _ name: String, at mark: Mark, depth: Int
    ) throws(YAMLError) -> Built {
        guard var anchored = anchors[name] else {
            throw YAMLError(
                .unknownAnchor(name), at: mark, "no anchor \"&\(name)\" stands before this alias")
        }
        try enter(depth + anchored.depth, mark)
        try count(anchored.nodes, mark)
        anchored.node.mark = mark
        return anchored
    }

    private func enter(_ depth: Int, _ mark: Mark) throws(YAMLError) {
        guard depth <= bounds.depth else {
            throw YAMLError(.tooDeep, at: mark, "nested deeper than \(bounds.depth) levels")
        }
    }

    private mutating func count(_ extra: Int, _ mark: Mark) throws(YAMLError) {
        guard extra <= bounds.nodes - nodes else {
            throw YAMLError(.tooLarge, at: mark, "more than \(bounds.nodes) nodes")
        }
        nodes += extra
    }
}

extension YAMLEvent.Kind {
    fileprivate var scalar: YAMLNode.Value? {
        guard case .scalar(let text, let isPlain) = self else { return nil }
        return .scalar(text, isPlain: isPlain)
    }
}
