import Kernel

/// What a site makes of the models its clients name: which one stands in for none, and who serves
/// which.
public struct ModelRules: Sendable {
    /// For requests that name none, or `default`, where their project has none of its own; nil:
    /// they go on as they are.
    public let standard: [UInt8]?
    private let rules: [ModelRule]

    /// `rules` in order: the first that covers a model holds.
    public init(standard: String? = nil, rules: [ModelRule] = []) {
        self.standard = standard.map { Array($0.utf8) }
        self.rules = rules
    }

    public func rule(for model: Span<UInt8>) -> ModelRule? {
        for rule in rules where rule.covers(model) { return rule }
        return nil
    }

    /// The name that stands for the project's own choice.
    public static func isStandIn(_ model: Span<UInt8>) -> Bool { model.equals("default") }
}
