import HTTP
import Kernel

/// Finds the route of a request: literal paths by one look-up in a hash table, the others by a walk
/// over the segments, in which a literal segment goes before a parameter and a parameter before a
/// tree.
///
/// Paths are compared byte by byte and never decoded. A path that some server may read as another
/// one (dot segments, empty segments, encoded dots and slashes, backslashes) matches no parameter
/// and no tree: what is forwarded is exactly what was decided about.
public struct RouteTable: Sendable {
    struct Entry: Sendable {
        var methods: MethodSet
        var action: Int
    }

    struct Literal: Sendable {
        var path: [UInt8]
        var entries: [Entry]
    }

    struct Child: Sendable {
        var segment: [UInt8]
        var node: Int
    }

    struct Node: Sendable {
        var children: [Child] = []
        var parameter: Int?
        var leaf: [Entry] = []
        var tree: [Entry] = []
    }

    private var literals: [Literal] = []
    private var slots: [Int32] = []
    private var longestLiteral = 0
    private var nodes = [Node()]

    public init(_ patterns: [RoutePattern]) throws(RoutePattern.Fault) {
        for pattern in patterns { try add(pattern) }
        index()
    }

    /// The action of the route that takes `method` and `path` (without a query); nil when none
    /// does.
    public func find(_ method: Method, _ path: Span<UInt8>) -> Int? {
        if let literal = literal(path), let action = Self.pick(literals[literal].entries, method) {
            return action
        }
        guard nodes.count > 1, Self.isPlain(path) else { return nil }
        return walk(0, path, from: 1, method)
    }

    private func literal(_ path: Span<UInt8>) -> Int? {
        guard path.count <= longestLiteral else { return nil }
        var slot = Self.hash(path) & (slots.count - 1)
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            let candidate = literals[index].path
            if path.equals(candidate.span) { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func walk(_ node: Int, _ path: Span<UInt8>, from start: Int, _ method: Method) -> Int? {
        if start > path.count {
            return Self.pick(nodes[node].leaf, method) ?? Self.pick(nodes[node].tree, method)
        }
        let end = path.firstIndex(of: UInt8(ascii: "/"), from: start) ?? path.count
        let segment = path.extracting(start..<end)
        for child in nodes[node].children where segment.equals(child.segment.span) {
            if let action = walk(child.node, path, from: end + 1, method) { return action }
        }
        if let parameter = nodes[node].parameter,
            let action = walk(parameter, path, from: end + 1, method)
        {
            return action
        }
        return Self.pick(nodes[node].tree, method)
    }

    private static func pick(_ entries: [Entry], _ method: Method) -> Int? {
        for entry in entries where entry.methods.takes(method) { return entry.action }
        return nil
    }

    /// FNV-1a: the table is fixed by the configuration, so nobody can fill its chains from outside.
    private static func hash(_ path: Span<UInt8>) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var index = 0
        while index < path.count {
            hash = (hash ^ UInt64(path[index])) &* 0x100_0000_01b3
            index += 1
        }
        return Int(truncatingIfNeeded: hash ^ (hash >> 32))
    }
}

// Compiling.
extension RouteTable {
    private mutating func add(_ pattern: RoutePattern) throws(RoutePattern.Fault) {
        let text = Array(pattern.pattern.utf8)
        guard text.first == UInt8(ascii: "/") else { throw .notAbsolute(pattern.pattern) }
        let entry = Entry(methods: pattern.methods, action: pattern.action)
        var segments = text.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isTree = segments.last.map { $0.elementsEqual("**".utf8) } ?? false
        if isTree { segments.removeLast() }
        let hasParameter = segments.contains { Self.isParameter($0) }
        if !isTree, !hasParameter {
            guard text.count == 1 || Self.isPlain(text.span),
                !text.contains(where: Self.isSyntax)
            else { throw .badSegment(pattern.pattern) }
            try addLiteral(text, entry, pattern.pattern)
            return
        }
        var node = 0
        for segment in segments {
            let probe = [UInt8(ascii: "/")] + segment
            let isOdd = segment.contains(where: Self.isSyntax)
            if Self.isParameter(segment) {
                node = parameter(of: node)
            } else if Self.isPlain(probe.span), !isOdd {
                node = child(of: node, Array(segment))
            } else {
                throw .badSegment(pattern.pattern)
            }
        }
        let taken = isTree ? nodes[node].tree : nodes[node].leaf
        guard taken.allSatisfy({ $0.methods.isDisjoint(with: entry.methods) }) else {
            throw .duplicate(pattern.pattern)
        }
        if isTree { nodes[node].tree.append(entry) } else { nodes[node].leaf.append(entry) }
    }

    private mutating func addLiteral(
        _ path: [UInt8], _ entry: Entry, _ text: String
    ) throws(RoutePattern.Fault) {
        guard let index = literals.firstIndex(where: { $0.path == path }) else {
            literals.append(Literal(path: path, entries: [entry]))
            return
        }
        let taken = literals[index].entries
        guard taken.allSatisfy({ $0.methods.isDisjoint(with: entry.methods) }) else {
            throw .duplicate(text)
        }
        literals[index].entries.append(entry)
    }

    private mutating func parameter(of node: Int) -> Int {
        if let known = nodes[node].parameter { return known }
        nodes.append(Node())
        nodes[node].parameter = nodes.count - 1
        return nodes.count - 1
    }

    private mutating func child(of node: Int, _ segment: [UInt8]) -> Int {
        for child in nodes[node].children where child.segment == segment { return child.node }
        nodes.append(Node())
        nodes[node].children.append(Child(segment: segment, node: nodes.count - 1))
        return nodes.count - 1
    }

    private mutating func index() {
        var count = 8
        while count < literals.count * 2 { count *= 2 }
        slots = Array(repeating: 0, count: count)
        for (index, literal) in literals.enumerated() {
            var slot = Self.hash(literal.path.span) & (count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (count - 1) }
            slots[slot] = Int32(index + 1)
            longestLiteral = max(longestLiteral, literal.path.count)
        }
    }

    private static func isParameter(_ segment: ArraySlice<UInt8>) -> Bool {
        segment.count > 2 && segment.first == UInt8(ascii: "{")
            && segment.last == UInt8(ascii: "}")
            && !segment.dropFirst().dropLast().contains(where: isSyntax)
    }

    /// What only a pattern has, never the literal part of one.
    private static func isSyntax(_ byte: UInt8) -> Bool { "{}*".utf8.contains(byte) }
}

// Which paths are beyond doubt.
extension RouteTable {
    /// Whether every server reads `path` the same way: absolute, no empty segment (so no slash at
    /// the end), no dot segment, no backslash, control, `#` or byte above ASCII, and no escape of
    /// what would change the segments (dot, slash, backslash, percent, control).
    static func isPlain(_ path: Span<UInt8>) -> Bool {
        guard path.count > 1, path[0] == UInt8(ascii: "/") else { return false }
        var segmentStart = 1
        var index = 1
        while index <= path.count {
            if index == path.count || path[index] == UInt8(ascii: "/") {
                if isDoubtful(path.extracting(segmentStart..<index)) { return false }
                segmentStart = index + 1
            } else if path[index] == UInt8(ascii: "%") {
                guard isHarmlessEscape(path, at: index) else { return false }
            } else if !isOrdinary(path[index]) {
                return false
            }
            index += 1
        }
        return true
    }

    private static func isDoubtful(_ segment: Span<UInt8>) -> Bool {
        segment.isEmpty || segment.equals(".") || segment.equals("..")
    }

    private static func isOrdinary(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "#")
    }

    private static func isHarmlessEscape(_ path: Span<UInt8>, at index: Int) -> Bool {
        guard index + 2 < path.count, let high = hexValue(path[index + 1]),
            let low = hexValue(path[index + 2])
        else { return false }
        switch high << 4 | low {
        case 0x00..<0x20, 0x7f: return false
        case UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: "%"):
            return false
        default: return true
        }
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
