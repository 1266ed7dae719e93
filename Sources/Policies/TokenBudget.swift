import Errors
import Kernel

/// The budgets of tokens that hold for one caller, from the widest to the narrowest: its project's,
/// its user's and its key's.
///
/// A request first holds what it may take, by an estimate; when its end is known it is settled:
/// what was held is given back and what it took is counted. It holds the same in every budget or
/// nothing in any: the budgets are asked under each other's locks, in the order of `Gates`. So
/// however many requests race, used and held together stay within every limit, and what is used
/// exceeds one only by what answers took beyond their estimates.
public final class TokenBudget: Sendable {
    private let gates: [Gate]

    /// nil: none of the gates limits tokens.
    init?(_ gates: [Gate]) {
        self.gates = gates.filter { !$0.tokens.isUnlimited }
        if self.gates.isEmpty { return nil }
    }

    /// Holds `count` tokens in every budget if each has room for them, and at least for one.
    /// Holding none only asks whether something is left. nil: they are held; else nothing is.
    public func hold(_ count: Int, at moment: Moment) -> QuotaFacts? {
        hold(max(0, count), at: moment, from: 0)
    }

    /// Gives back what was held and counts what was used.
    public func settle(held: Int, used: Int, at moment: Moment) {
        for gate in gates {
            gate.meter.withTokens(at: moment) { $0.settle(held: held, used: max(0, used)) }
        }
    }

    /// Of all windows the one with the least share left.
    public func reading(at moment: Moment) -> WindowReading? {
        var tightest: WindowReading?
        for gate in gates {
            let reading = gate.meter.withTokens(at: moment) { gate.tightest($0, at: moment) }
            guard let reading else { continue }
            if let tightest, !reading.isTighter(than: tightest) { continue }
            tightest = reading
        }
        return tightest
    }

    private func hold(_ count: Int, at moment: Moment, from index: Int) -> QuotaFacts? {
        guard index < gates.count else { return nil }
        let gate = gates[index]
        return gate.meter.withTokens(at: moment) { tokens in
            if let shortage = gate.shortage(tokens, of: count, at: moment) { return shortage }
            if let shortage = hold(count, at: moment, from: index + 1) { return shortage }
            tokens.hold(count)
            return nil
        }
    }
}

extension Gate {
    /// The first window without room for `count` tokens.
    fileprivate func shortage(
        _ windows: TokenWindows, of count: Int, at moment: Moment
    ) -> QuotaFacts? {
        var facts: QuotaFacts?
        windows.forEachReading(of: tokens, at: moment) { window, reading in
            guard facts == nil, reading.remaining < max(1, count) else { return }
            facts = QuotaFacts(
                tier: tier, subject: subject, unit: .tokens, window: window, limit: reading.limit,
                used: reading.limit - reading.remaining,
                resetMilliseconds: reading.resetMilliseconds)
        }
        return facts
    }

    fileprivate func tightest(_ windows: TokenWindows, at moment: Moment) -> WindowReading? {
        var tightest: WindowReading?
        windows.forEachReading(of: tokens, at: moment) { _, reading in
            let shown = WindowReading(
                window: reading.window, limit: reading.limit, remaining: max(0, reading.remaining),
                resetMilliseconds: reading.resetMilliseconds)
            if let tightest, !shown.isTighter(than: tightest) { return }
            tightest = shown
        }
        return tightest
    }
}
