import Testing

@testable import Policies

@Suite("The bound of memory") struct MemoryGuardTests {
    @Test("is over a twentieth below where it began")
    func hysteresis() {
        let memory = MemoryGuard()
        #expect(!memory.observe(1_000, bound: 1_000))
        #expect(!memory.isExceeded)
        #expect(memory.observe(1_001, bound: 1_000))
        #expect(memory.isExceeded)
        #expect(!memory.observe(999, bound: 1_000))
        #expect(!memory.observe(951, bound: 1_000))
        #expect(memory.isExceeded)
        #expect(memory.observe(950, bound: 1_000))
        #expect(!memory.isExceeded)
        #expect(!memory.observe(999, bound: 1_000))
        #expect(!memory.isExceeded)
    }

    @Test("may be moved while it is exceeded")
    func moved() {
        let memory = MemoryGuard()
        #expect(memory.observe(2_000, bound: 1_000))
        #expect(memory.observe(2_000, bound: 10_000))
        #expect(!memory.isExceeded)
    }
}
