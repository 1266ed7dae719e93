/// Reads YAML 1.1 as libyaml parses it, without its type guessing: what a plain scalar means is for
/// the caller to say.
public enum YAML {
    /// What a document may cost.
    public struct Bounds: Sendable {
        /// Collections within each other.
        public var depth = 64
        /// Nodes once every alias is expanded.
        public var nodes = 1_000_000

        public init() {}
    }

    /// The one document in `text`; null at 1:1 where there is none.
    public static func parse(
        _ text: Span<UInt8>, bounds: Bounds = Bounds()
    ) throws(YAMLError) -> YAMLNode {
        try withEvents(of: text) { (events) throws(YAMLError) in
            var builder = TreeBuilder(bounds: bounds)
            return try builder.document(from: events)
        }
    }

    public static func parse(
        _ text: String, bounds: Bounds = Bounds()
    ) throws(YAMLError) -> YAMLNode {
        try parse(text.utf8.span, bounds: bounds)
    }
}
