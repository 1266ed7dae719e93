import Kernel

/// What a site makes of the models its clients name: which one stands in for none, what another is
/// called upstream, and who serves it.
public struct ModelRules: Sendable {
    /// For the models of one name, or of all names that begin so.
    public struct Rule: Sendable {
        let name: [UInt8]
        let isBeginning: Bool
        /// What the upstream calls it; nil: as the client does.
        public let upstreamName: [UInt8]?
        /// Index in the snapshot's upstreams; nil: the site's.
        public let upstream: Int?

        /// `pattern`: a name; with `*` at its end, a beginning.
        public init(_ pattern: String, upstreamName: String? = nil, upstream: Int? = nil) {
            isBeginning = pattern.hasSuffix("*")
            name = Array(isBeginning ? pattern.utf8.dropLast() : pattern.utf8[...])
            self.upstreamName = upstreamName.map { Array($0.utf8) }
            self.upstream = upstream
        }

        func covers(_ model: Span<UInt8>) -> Bool {
            isBeginning ? model.starts(with: name.span) : model.equals(name.span)
        }
    }

    /// For requests that name none, or `default`, where their project has none of its own; nil:
    /// they go on as they are.
    public let standard: [UInt8]?
    private let rules: [Rule]

    /// `rules` in order: the first that covers a model holds.
    public init(standard: String? = nil, rules: [Rule] = []) {
        self.standard = standard.map { Array($0.utf8) }
        self.rules = rules
    }

    public func rule(for model: Span<UInt8>) -> Rule? {
        for rule in rules where rule.covers(model) { return rule }
        return nil
    }

    /// The name that stands for the project's own choice.
    public static func isStandIn(_ model: Span<UInt8>) -> Bool { model.equals("default") }
}
