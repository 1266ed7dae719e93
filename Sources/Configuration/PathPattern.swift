/// A path of a route: literal segments, `{name}` for any one segment, `/**` at the end for
/// everything below and the path before it.
public struct PathPattern: Sendable, Hashable, CustomStringConvertible {
    /// What one segment of a path has to be.
    public enum Segment: Sendable, Hashable {
        case literal(String)
        case parameter(String)
    }

    public let segments: [Segment]
    /// Whether the pattern ends in `/**`.
    public let isTree: Bool

    public static let root = PathPattern([], isTree: false)

    public init(_ segments: [Segment], isTree: Bool) {
        self.segments = segments
        self.isTree = isTree
    }

    /// nil unless it begins with `/`, no segment is empty, parameters are named once and `**`
    /// stands alone at the end.
    public init?(_ text: String) {
        if text == "/" {
            self = .root
            return
        }
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        var parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        let isTree = parts.last == "**"
        if isTree { parts.removeLast() }
        var segments: [Segment] = []
        var names: Set<Substring> = []
        for part in parts {
            if part.first == "{", part.last == "}" {
                let name = part.dropFirst().dropLast()
                guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte),
                    names.insert(name).inserted
                else { return nil }
                segments.append(.parameter(String(name)))
            } else {
                guard !part.isEmpty, part != ".", part != "..",
                    part.utf8.allSatisfy(Self.isSegmentByte)
                else { return nil }
                segments.append(.literal(String(part)))
            }
        }
        self.init(segments, isTree: isTree)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a || byte == UInt8(ascii: "_")
    }

    /// `pchar` of RFC 3986 without percent-encoding and without `*`, which would look like a
    /// pattern.
    private static func isSegmentByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~!$&'()+,;=:@".utf8.contains(byte)
        }
    }

    public var hasParameters: Bool {
        segments.contains { if case .parameter = $0 { true } else { false } }
    }

    public var description: String {
        let path = segments.map { segment in
            switch segment {
            case .literal(let text): "/" + text
            case .parameter(let name): "/{" + name + "}"
            }
        }.joined()
        return isTree ? path + "/**" : path.isEmpty ? "/" : path
    }
}
