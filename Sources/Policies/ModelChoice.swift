/// Whom one request is put to: the target that was drawn and then, one after the other, the
/// fallbacks of its rule.
public struct ModelChoice: Sendable {
    public let rule: ModelRule
    public private(set) var target: ModelTarget
    /// How many were chosen so far.
    public private(set) var attempts = 1
    private let drawn: ModelTarget
    private var next = 0

    init(_ rule: ModelRule, _ drawn: ModelTarget) {
        self.rule = rule
        self.drawn = drawn
        target = drawn
    }

    /// Goes on to the next fallback; false: there is none. `elsewhere`: another upstream is
    /// wanted, because this one cannot be reached. The one that was drawn is not asked again.
    public mutating func moveOn(elsewhere: Bool) -> Bool {
        while next < rule.fallbacks.count {
            let candidate = rule.fallbacks[next]
            next += 1
            let isLost = elsewhere && candidate.upstream == target.upstream
            if isLost || candidate.isSame(as: drawn) { continue }
            target = candidate
            attempts += 1
            return true
        }
        return false
    }
}
