import Policies
import Testing

@Suite("The budget of collected bodies")
struct BodyTests {
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

    @Test("keeps what is lent when its limit changes")
    func adjusted() {
        let budget = BodyBudget(limitBytes: 100)
        #expect(budget.reserve(80))
        budget.adjust(limitBytes: 50)
        #expect(!budget.reserve(1))
        budget.release(40)
        #expect(budget.reserve(10))
        #expect(!budget.reserve(1))
        budget.adjust(limitBytes: 200)
        #expect(budget.reserve(150))
        #expect(budget.usedBytes == 200)
    }
}
