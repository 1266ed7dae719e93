import Chance
import Errors
import Kernel
import Testing

@testable import Policies

@Suite("Budgets of tokens")
struct TokenBudgetTests {
    private let noon = moment(2026, 11, 21, 12)

    private func gate(
        perDay: Int? = nil, perMonth: Int? = nil, _ meter: Meter = Meter(),
        of subject: QuotaFacts.Subject = .user, tier: String? = nil
    ) -> Gate {
        Gate(
            .unlimited, tokens: TokenLimits(perDay: perDay, perMonth: perMonth), meter,
            of: subject, tier: tier)
    }

    private func budget(_ gates: Gate...) throws -> TokenBudget {
        try #require(Gates(gates).budget)
    }

    @Test("who has no limit has no budget")
    func unlimited() {
        #expect(Gates([gate(), Gate(RequestLimits(perDay: 5), Meter())]).budget == nil)
        #expect(Gates.none.budget == nil)
    }

    @Test("what is held and used never exceeds the limit, and what is not used comes back")
    func holding() throws {
        let budget = try budget(gate(perDay: 1_000))
        #expect(budget.hold(600, at: noon) == nil)
        #expect(budget.reading(at: noon)?.remaining == 400)
        let refusal = budget.hold(401, at: noon)
        #expect(refusal?.limit == 1_000 && refusal?.used == 600)
        #expect(budget.hold(400, at: noon) == nil)
        #expect(budget.hold(0, at: noon)?.used == 1_000)
        budget.settle(held: 400, used: 0, at: noon)
        budget.settle(held: 600, used: 50, at: noon)
        #expect(budget.reading(at: noon)?.remaining == 950)
    }

    @Test("without holding, the last answer may go beyond the limit and the next is refused")
    func checking() throws {
        let budget = try budget(gate(perDay: 50_000, tier: "free"))
        #expect(budget.hold(0, at: noon) == nil)
        budget.settle(held: 0, used: 49_999, at: noon)
        #expect(budget.hold(0, at: noon) == nil)
        budget.settle(held: 0, used: 124, at: noon)
        #expect(
            budget.hold(0, at: noon)
                == QuotaFacts(
                    tier: "free", subject: .user, unit: .tokens, window: .day, limit: 50_000,
                    used: 50_123, resetMilliseconds: 43_200_000))
        #expect(budget.reading(at: noon)?.remaining == 0)
    }

    @Test("every budget holds or none, and the refusal names the one that is used up")
    func allOrNone() throws {
        let project = Meter()
        let own = try budget(
            gate(perDay: 1_000, project, of: .project), gate(perMonth: 100, of: .user))
        #expect(own.hold(101, at: noon)?.subject == .user)
        #expect(own.hold(101, at: noon)?.window == .month)
        let other = try budget(gate(perDay: 1_000, project, of: .project))
        #expect(other.hold(1_000, at: noon) == nil)
        #expect(own.hold(1, at: noon)?.subject == .project)
    }

    @Test("the day ends at midnight UTC, the month goes on, and what is held stays held")
    func windows() throws {
        let budget = try budget(gate(perDay: 100, perMonth: 150))
        #expect(budget.hold(60, at: noon) == nil)
        budget.settle(held: 60, used: 60, at: noon)
        #expect(budget.hold(40, at: noon) == nil)
        let tomorrow = noon.later(milliseconds: 12 * 3_600_000)
        // Held since yesterday, and not used yet.
        #expect(budget.hold(61, at: tomorrow)?.window == .day)
        #expect(budget.hold(51, at: tomorrow)?.window == .month)
        budget.settle(held: 40, used: 40, at: tomorrow)
        #expect(budget.hold(61, at: tomorrow)?.used == 40)
        #expect(budget.hold(50, at: tomorrow) == nil)
    }

    @Test("counts that would overflow stop growing")
    func overflow() throws {
        let budget = try budget(gate(perDay: 1_000_000_000_000))
        for _ in 0..<64 { budget.settle(held: .max, used: .max, at: noon) }
        #expect(budget.hold(0, at: noon) != nil)
        #expect(budget.reading(at: noon)?.remaining == 0)
    }

    /// Requests that race, each with an estimate that may be wrong by `error` at most.
    @Test(
        "64 at a time never take more than the limit and the estimates' errors",
        arguments: [UInt64(1), 2, 3, 4])
    func race(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let limit = 20_000 + random.below(20_000)
        let error = 50
        let project = gate(perDay: limit, of: .project)
        let users = (0..<4).map { _ in gate(perDay: limit / 3) }
        let tally = Lock((used: 0, held: 0, isBeyond: false))
        let time = noon
        try inThreads(64) {
            var random = SeededRandom(seed: seed)
            for _ in 0..<100 {
                let user = users[tally.withLock { $0.used } % users.count]
                guard let budget = Gates([project, user]).budget else { return }
                let estimate = 100 + random.below(400)
                guard budget.hold(estimate, at: time) == nil else { continue }
                tally.withLock {
                    $0.held += estimate
                    $0.isBeyond = $0.isBeyond || $0.used + $0.held > limit + 64 * error
                }
                let used = max(0, estimate - random.below(200) + random.below(error))
                tally.withLock {
                    $0.held -= estimate
                    $0.used += used
                }
                budget.settle(held: estimate, used: used, at: time)
            }
        }
        let (used, held, isBeyond) = tally.withLock { $0 }
        #expect(!isBeyond && held == 0 && used <= limit + 64 * error, "seed \(seed)")
        // Everything that was held has come back.
        let left = try budget(project).reading(at: time)?.remaining
        #expect(left == max(0, limit - used), "seed \(seed)")
    }

    @Test("a request that no budget has room for is counted nowhere; limits are told of first")
    func order() {
        let meter = Meter()
        let limits = RequestLimits(perDay: 2)
        let empty = Gate(limits, tokens: TokenLimits(perDay: 0), meter, of: .user, tier: nil)
        guard case .overQuota(let facts, nil) = Gates([empty]).admit(at: noon) else {
            Issue.record("admitted without a token left")
            return
        }
        #expect(facts.unit == .tokens)
        let full = Gate(limits, meter)
        #expect(Gates([full]).admit(at: noon).reading?.remaining == 1)
        #expect(Gates([full]).admit(at: noon).isAdmitted)
        guard case .refused(let reading) = Gates([empty]).admit(at: noon) else {
            Issue.record("the limit of requests comes first")
            return
        }
        #expect(reading.window == .day)
    }

    @Test("a tier's day of requests is a quota, its minute a limit")
    func tierQuota() {
        let limits = RequestLimits(perMinute: 3, perDay: 2, minuteKind: .calendarMinute)
        let free = Gate(limits, Meter(), of: .user, tier: "free")
        let gates = Gates([Gate(RequestLimits(perDay: 90), Meter()), free])
        #expect(gates.admit(at: noon).isAdmitted && gates.admit(at: noon).isAdmitted)
        #expect(
            gates.admit(at: noon).error
                == .quotaExceeded(
                    QuotaFacts(
                        tier: "free", subject: .user, unit: .requests, window: .day, limit: 2,
                        used: 2, resetMilliseconds: 43_200_000)))
        let hasty = Gates([Gate(RequestLimits(perMinute: 0), Meter(), of: .user, tier: "free")])
        guard case .refused = hasty.admit(at: noon) else {
            Issue.record("a minute is no quota")
            return
        }
    }

    @Test("a meter with tokens in it, or held, is not idle")
    func idle() throws {
        let meter = Meter()
        let budget = try budget(gate(perDay: 10, meter))
        #expect(meter.isIdle(at: noon))
        #expect(budget.hold(5, at: noon) == nil)
        #expect(!meter.isIdle(at: noon.later(milliseconds: 40 * 86_400_000)))
        budget.settle(held: 5, used: 5, at: noon)
        #expect(!meter.isIdle(at: noon))
        #expect(meter.isIdle(at: noon.later(milliseconds: 40 * 86_400_000)))
    }

    @Test("a model without a rule of its own gets the site's")
    func rules() {
        let rules = BudgetRules(outputTokens: 7, models: [("gpt-4o", 4_096), ("tiny", 0)])
        let names = ["gpt-4o": 4_096, "tiny": 0, "gpt-4o-mini": 7, "": 7]
        for (name, tokens) in names { #expect(rules.outputTokens(of: name.utf8.span) == tokens) }
        #expect(BudgetRules.tokens(ofBytes: 0) == 0 && BudgetRules.tokens(ofBytes: 1) == 1)
        #expect(BudgetRules.tokens(ofBytes: 4) == 1 && BudgetRules.tokens(ofBytes: 5) == 2)
    }
}
