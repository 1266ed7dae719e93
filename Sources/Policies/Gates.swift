import Errors
import Kernel

/// One limit that a request has to pass: how much is allowed, and what has been used.
public struct Gate: Sendable {
    public let limits: RequestLimits
    public let tokens: TokenLimits
    public let meter: Meter
    public let subject: QuotaFacts.Subject
    /// Whose quotas they are; nil: they belong to no tier. What is beyond a tier's day is beyond a
    /// quota, not too fast.
    public let tier: String?

    public init(
        _ limits: RequestLimits, tokens: TokenLimits = .unlimited, _ meter: Meter,
        of subject: QuotaFacts.Subject = .key, tier: String? = nil
    ) {
        self.limits = limits
        self.tokens = tokens
        self.meter = meter
        self.subject = subject
        self.tier = tier
    }

    /// What this gate's own refusal means for its caller.
    func refusal(_ reading: WindowReading) -> Admission {
        guard let tier, reading.window == .day else { return .refused(reading) }
        let facts = QuotaFacts(
            tier: tier, subject: subject, unit: .requests, window: .day, limit: reading.limit,
            used: reading.limit, resetMilliseconds: reading.resetMilliseconds)
        return .overQuota(facts, reading)
    }
}

/// All limits that hold for one caller, from the widest to the narrowest: its project's, its user's
/// and its key's.
///
/// A request is counted at every gate or at none: each gate's meter stays locked while those behind
/// it are asked, and counts only when they have admitted. All callers lock in the same order (a
/// project before its users, these before keys, the process last), so nobody waits in a circle.
public struct Gates: Sendable {
    private let gates: [Gate]
    /// nil: none of the gates limits tokens.
    public let budget: TokenBudget?

    /// `gates` from the widest to the narrowest; those without a limit are left out.
    public init(_ gates: [Gate]) {
        self.gates = gates.filter { !$0.limits.isUnlimited }
        budget = TokenBudget(gates)
    }

    public static let none = Gates([])

    /// Counts one request at every gate, and at the process's if it has a limit, if all admit it
    /// and none of its budgets is used up.
    public func admit(at moment: Moment, within process: ProcessLimit? = nil) -> Admission {
        let shortage = budget?.hold(0, at: moment)
        return admit(at: moment, within: process, shortage, from: 0)
    }

    private func admit(
        at moment: Moment, within process: ProcessLimit?, _ shortage: QuotaFacts?, from index: Int
    ) -> Admission {
        guard index < gates.count else {
            if let shortage { return .overQuota(shortage, nil) }
            return Self.ask(process, at: moment)
        }
        let gate = gates[index]
        var isOwn = true
        let admission = gate.meter.admit(gate.limits, at: moment) {
            isOwn = false
            return admit(at: moment, within: process, shortage, from: index + 1)
        }
        guard isOwn, case .refused(let reading) = admission else { return admission }
        return gate.refusal(reading)
    }

    /// What the process has left is nothing to tell a caller of.
    private static func ask(_ process: ProcessLimit?, at moment: Moment) -> Admission {
        guard let process, case .processExhausted(let reading) = process.admit(at: moment) else {
            return .admitted(nil)
        }
        return .processExhausted(reading)
    }
}
