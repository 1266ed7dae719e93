/// What checks have found of one endpoint. It counts as healthy until enough of them in a row say
/// otherwise, and the other way round.
public struct HealthRecord: Sendable {
    public private(set) var isHealthy = true
    /// Checks in a row that contradict `isHealthy`.
    private var contradictions = 0
    private let unhealthyAfter: Int
    private let healthyAfter: Int

    public init(unhealthyAfter: Int, healthyAfter: Int) {
        self.unhealthyAfter = unhealthyAfter
        self.healthyAfter = healthyAfter
    }

    /// Takes the result of a check. Returns whether the verdict is another one now.
    public mutating func note(_ isGood: Bool) -> Bool {
        if isGood == isHealthy {
            contradictions = 0
            return false
        }
        contradictions += 1
        guard contradictions >= (isHealthy ? unhealthyAfter : healthyAfter) else { return false }
        isHealthy = isGood
        contradictions = 0
        return true
    }
}
