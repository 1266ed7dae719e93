import Errors
import Policies
import Testing

@Suite("A bound on bodies")
struct BodyTests {
    @Test("passes exactly the limit and refuses one byte more, declared or arriving")
    func meter() {
        let error = GatewayError.bodyTooLarge(limitBytes: 10)
        var meter = BodyMeter(limitBytes: 10)
        #expect(meter.refusal(declaredBytes: nil) == nil)
        #expect(meter.refusal(declaredBytes: 10) == nil)
        #expect(meter.refusal(declaredBytes: 11) == error)
        #expect(meter.receive(4) == nil)
        #expect(meter.receive(6) == nil)
        #expect(meter.receive(0) == nil)
        #expect(meter.receive(1) == error)
        #expect(meter.receive(.max) == error)
        #expect(meter.receivedBytes == .max)
    }

    @Test("lends up to its limit, all or none")
    func budget() {
        let budget = BodyBudget(limitBytes: 100)
        #expect(budget.reserve(60))
        #expect(!budget.reserve(41))
        #expect(budget.usedBytes == 60)
        #expect(budget.reserve(40))
        #expect(!budget.reserve(1))
        #expect(budget.reserve(0))
        #expect(!budget.reserve(-1))
        #expect(!budget.reserve(.max))
        budget.release(100)
        #expect(budget.usedBytes == 0)
        #expect(budget.reserve(100))
    }
}
