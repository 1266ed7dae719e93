import Kernel

/// Who serves the models of one name, or of all names that begin so.
public final class ModelRule: Sendable {
    private let name: [UInt8]
    private let isBeginning: Bool
    /// One of them is drawn by weight.
    private let targets: [ModelTarget]
    private let weight: Int
    /// Asked in this order when that one does not serve the request.
    let fallbacks: [ModelTarget]
    /// Statuses with which an upstream says that it does not.
    private let refusals: [Int]

    /// `pattern`: a name; with `*` at its end, a beginning. `targets`: one or more.
    public init(
        _ pattern: String, targets: [ModelTarget], fallbacks: [ModelTarget] = [],
        refusals: [Int] = []
    ) {
        assert(!targets.isEmpty)
        isBeginning = pattern.hasSuffix("*")
        name = Array(isBeginning ? pattern.utf8.dropLast() : pattern.utf8[...])
        self.targets = targets
        weight = targets.reduce(0) { $0 + $1.weight }
        self.fallbacks = fallbacks
        self.refusals = refusals
    }

    /// A request that names no model is nobody's.
    func covers(_ model: Span<UInt8>) -> Bool {
        guard !model.isEmpty else { return false }
        let name = name
        return isBeginning ? model.starts(with: name.span) : model.equals(name.span)
    }

    /// Chooses for one request; of all numbers each target gets its share.
    public func draw(_ number: UInt64) -> ModelChoice {
        guard targets.count > 1 else { return ModelChoice(self, targets[0]) }
        var point = Int(number.multipliedFullWidth(by: UInt64(weight)).high)
        var drawn = targets[0]
        for target in targets {
            drawn = target
            if point < target.weight { break }
            point -= target.weight
        }
        return ModelChoice(self, drawn)
    }

    /// Whether an answer with this status is left for another target to do better.
    public func isRefusal(_ status: Int) -> Bool { refusals.contains(status) }
}
