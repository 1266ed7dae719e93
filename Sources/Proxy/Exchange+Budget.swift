import HTTP
import JSON
import Kernel
import Policies

/// What a request takes of token budgets: held before it goes on, settled as soon as its cost is
/// known, and in any case at its end.
extension Exchange {
    /// Whether the budgets have room for what the collected request may take.
    func holdTokens(for document: JSONSummary) -> Bool {
        guard let spending, let rules = site?.budgetRules else { return true }
        let bound = collected.withBytes { document.outputTokens(in: $0) }
        spending.prompt = BudgetRules.tokens(ofBytes: collected.count)
        spending.ceiling = bound
        guard rules.admission == .reserve else { return askForUsage(document) }
        let usual = model.withBytes { rules.outputTokens(of: $0) }
        let answers = collected.withBytes { document.answers(in: $0) }
        let output = bound ?? usual * answers
        let estimate = spending.prompt + output
        if let shortage = spending.budget.hold(estimate, at: core.now) {
            fail(.quotaExceeded(shortage))
            return false
        }
        spending.held = estimate
        return askForUsage(document)
    }

    /// Has a stream tell what it took, where the client does not want to know.
    private func askForUsage(_ document: JSONSummary) -> Bool {
        guard document.asksForStream, route?.takesStreamOptions == true,
            let demand = collected.withBytes({ document.usageDemand(in: $0) })
        else { return true }
        let growth = demand.text.utf8CodeUnitCount
        guard core.snapshot.bodyBudget.reserve(growth) else {
            fail(.overloaded(retryAfterSeconds: 1))
            return false
        }
        reserved += growth
        var asking = ByteBuffer(capacity: collected.count + growth)
        asking.append(0..<demand.range.lowerBound, of: collected)
        asking.append(demand.text)
        asking.append(demand.range.upperBound..<collected.count, of: collected)
        collected = asking
        spending?.filter = UsageEventFilter()
        return true
    }

    /// Only an event stream has something taken out, and is shorter then than it was announced.
    func prepareFilter(for head: Head) {
        guard let spending, spending.filter != nil else { return }
        if eventStream == nil { spending.filter = nil } else { head.contentLength = nil }
    }

    /// A piece of an answer out of which something may have to be taken.
    func deliver(_ bytes: Span<UInt8>, through filter: UsageEventFilter) {
        let before = bytesOut
        filter.passed(bytes, core.reader) { deliver($0) }
        // What stays here drains nothing that would credit it.
        if bytesOut == before { creditUpstream(bytes.count) }
    }

    /// Where the caller stands with its tokens: in the window that refused, else in the one with
    /// the least share left.
    func appendTokenFields(to head: Head) {
        if case .quotaExceeded(let quota) = error, quota.unit == .tokens {
            let reading = WindowReading(
                window: quota.window == .day ? .day : .month, limit: quota.limit, remaining: 0,
                resetMilliseconds: quota.resetMilliseconds)
            RateLimitFields.appendTokens(reading, to: &head.fields)
        } else if let reading = spending?.budget.reading(at: core.now) {
            RateLimitFields.appendTokens(reading, to: &head.fields)
        }
    }

    /// Gives back what was held and counts what was used. Before the client can know that the
    /// answer is complete: its next request finds it counted.
    func settleTokens() {
        guard let spending, !spending.isSettled else { return }
        spending.isSettled = true
        spending.used = tokensUsed(spending)
        spending.budget.settle(held: spending.held, used: spending.used, at: core.now)
    }

    /// As the upstream says. Of a stream that was cut short, or says nothing, what was seen is
    /// counted by its bytes; refusals and failures cost nothing.
    private func tokensUsed(_ spending: Spending) -> Int {
        guard let reported = usage?.usage else { return 0 }
        let input = reported.input ?? spending.prompt
        let isReported = reported.input != nil || reported.output != nil
        if isReported, answeredAt != nil || eventStream == nil {
            return input + (reported.output ?? 0)
        }
        guard isPartlySeen else { return 0 }
        let seen = BudgetRules.tokens(ofBytes: heldAnswer?.body.count ?? bytesOut)
        let estimated = input + min(max(reported.output ?? 0, seen), spending.ceiling ?? .max)
        spending.estimated = estimated
        return estimated
    }

    /// Something of an answer came that does not tell its cost.
    private var isPartlySeen: Bool {
        if let heldAnswer { return error == nil && !heldAnswer.body.isEmpty }
        guard (200..<300).contains(status), bytesOut > 0 else { return false }
        return eventStream != nil || answeredAt == nil
    }
}
