import Kernel
import Testing

@Suite("A timer wheel")
struct TimerWheelTests {
    @Test("hands out every entry once, never early and at most two slots late", arguments: 0..<20)
    func random(seed: Int) {
        var generator = SplitMix(seed: UInt64(seed))
        var now = Instant(nanoseconds: 1_000_000_000_000)
        var wheel = TimerWheel(at: now)
        var due: [UInt64: UInt64] = [:]
        var expired: [UInt64] = []
        for token in 0..<500 as Range<UInt64> {
            let delay = Int.random(in: 0...40_000, using: &generator)
            let at = now.advanced(milliseconds: delay)
            due[token] = at.nanoseconds
            wheel.arm(token, at: at)
            now = now.advanced(milliseconds: Int.random(in: 0...200, using: &generator))
            expect(&wheel, &due, &expired, now)
        }
        while let next = wheel.nextDue {
            now = max(now, next)
            expect(&wheel, &due, &expired, now)
        }
        #expect(due.isEmpty, "seed \(seed)")
        #expect(wheel.count == 0, "seed \(seed)")
    }

    private func expect(
        _ wheel: inout TimerWheel, _ due: inout [UInt64: UInt64], _ expired: inout [UInt64],
        _ now: Instant
    ) {
        expired.removeAll()
        wheel.expire(at: now, into: &expired)
        for token in expired {
            let time = due.removeValue(forKey: token)
            #expect(time != nil, "token \(token) came twice")
            #expect(time ?? 0 <= now.nanoseconds, "token \(token) came early")
        }
        let late = due.filter { $0.value + 2 << 24 < now.nanoseconds }
        #expect(late.isEmpty)
    }

    @Test("says nothing is due when nothing is armed")
    func empty() {
        let wheel = TimerWheel(at: Instant(nanoseconds: 5))
        #expect(wheel.nextDue == nil)
    }
}

/// A small seeded generator, so that a failing run can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
