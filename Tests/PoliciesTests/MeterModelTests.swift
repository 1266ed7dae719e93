import Chance
import Kernel
import Policies
import Synchronization
import Testing

/// The windows as one would write them without a thought for cost: every admitted request is
/// remembered.
private struct Model {
    var admitted: [Moment] = []
    var anchor: Instant?
    var anchored = 0

    mutating func admit(_ limits: RequestLimits, at now: Moment) -> Bool {
        if let start = anchor, now.monotonic.since(start) >= 60_000_000_000 {
            anchor = nil
            anchored = 0
        }
        let day = now.wall.seconds / 86_400
        let month = CivilCalendar.month(ofSeconds: now.wall.seconds).start
        let inDay = admitted.count { $0.wall.seconds / 86_400 == day }
        let inMonth = admitted.count {
            CivilCalendar.month(ofSeconds: $0.wall.seconds).start == month
        }
        guard anchored < limits.perMinute ?? .max, inDay < limits.perDay ?? .max,
            inMonth < limits.perMonth ?? .max
        else { return false }
        if anchor == nil { anchor = now.monotonic }
        anchored += 1
        admitted.append(now)
        return true
    }
}

@Suite("A meter against its model")
struct MeterModelTests {
    @Test("decides as the model does, whatever the pace", arguments: 0..<40)
    func random(seed: UInt64) {
        var generator = SeededRandom(seed: seed)
        let limits = RequestLimits(
            perMinute: Int.random(in: 1...5, using: &generator),
            perDay: Int.random(in: 3...20, using: &generator),
            perMonth: Int.random(in: 10...60, using: &generator))
        let meter = Meter()
        var model = Model()
        var now = moment(2024, 2, 27, 22)
        for step in 0..<400 {
            let pause: Int64 =
                switch Int.random(in: 0..<10, using: &generator) {
                case 0..<5: Int64.random(in: 0...20_000, using: &generator)
                case 5..<9: Int64.random(in: 20_000...3_600_000, using: &generator)
                default: Int64.random(in: 3_600_000...400_000_000, using: &generator)
                }
            now = now.later(milliseconds: pause)
            let expected = model.admit(limits, at: now)
            let actual = meter.admit(limits, at: now).isAdmitted
            #expect(actual == expected, "seed \(seed), step \(step)")
        }
    }

    @Test("admits exactly the limit however many threads race", arguments: [1, 777, 4_000])
    func race(limit: Int) throws {
        let meter = Meter()
        let admitted = Atomic<Int>(0)
        let now = moment(2026, 11, 21, 12)
        let limits = RequestLimits(perMinute: limit, perDay: 5_000, perMonth: 6_000)
        try inThreads(8) {
            for _ in 0..<1_000 where meter.admit(limits, at: now).isAdmitted {
                admitted.wrappingAdd(1, ordering: .relaxed)
            }
        }
        #expect(admitted.load(ordering: .relaxed) == limit)
    }

    @Test("admits exactly the limit of every day when threads cross midnight")
    func raceAcrossMidnight() throws {
        let meter = Meter()
        let admitted = Atomic<Int>(0)
        let evening = moment(2026, 12, 31, 23, 59, 59)
        let limits = RequestLimits(perDay: 500)
        try inThreads(8) {
            for step in 0..<2_000 {
                let now = evening.later(milliseconds: Int64(step))
                if meter.admit(limits, at: now).isAdmitted {
                    admitted.wrappingAdd(1, ordering: .relaxed)
                }
            }
        }
        #expect(admitted.load(ordering: .relaxed) == 1_000)
    }

    @Test("the process's cap is exact for all keys together, and takes nothing from a key's month")
    func processCap() throws {
        let told = Atomic<Int>(0)
        let process = ProcessLimit(softCap: 600, hardCap: 1_000, meter: Meter()) { _ in
            told.wrappingAdd(1, ordering: .relaxed)
        }
        let keys = [Meter(), Meter(), Meter()]
        let now = moment(2026, 11, 21, 12)
        let admitted = Atomic<Int>(0)
        let turn = Atomic<Int>(0)
        try inThreads(8) {
            let mine = turn.wrappingAdd(1, ordering: .relaxed).oldValue % 3
            // One key has no limits, one can never use the process up, one could.
            let limits = RequestLimits(perMonth: [nil, 100, 5_000][mine])
            for _ in 0..<1_000
            where Gates([Gate(limits, keys[mine])]).admit(at: now, within: process).isAdmitted {
                admitted.wrappingAdd(1, ordering: .relaxed)
            }
        }
        #expect(admitted.load(ordering: .relaxed) == 1_000)
        #expect(told.load(ordering: .relaxed) == 1)
        let next = moment(2026, 12, 1)
        #expect(Gates.none.admit(at: next, within: process).isAdmitted)
    }

    @Test("what the process refuses is not counted at the key, and the other way round")
    func neitherCountsWhatTheOtherRefuses() {
        let process = ProcessLimit(softCap: nil, hardCap: 3, meter: Meter()) { _ in }
        let limits = RequestLimits(perMonth: 2)
        let key = Gates([Gate(limits, Meter())])
        let meter = Meter()
        let other = Gates([Gate(limits, meter)])
        let now = moment(2026, 11, 21, 12)
        #expect(key.admit(at: now, within: process).isAdmitted)
        #expect(key.admit(at: now, within: process).isAdmitted)
        // Refused by the key: the process has room for one more.
        #expect(!key.admit(at: now, within: process).isAdmitted)
        #expect(other.admit(at: now, within: process).isAdmitted)
        // Refused by the process: the key keeps its own second request.
        guard case .processExhausted(let reading) = other.admit(at: now, within: process)
        else {
            Issue.record("admitted beyond the cap")
            return
        }
        #expect(reading.limit == 3 && reading.remaining == 0)
        #expect(
            meter.admit(limits, at: now)
                == .admitted(
                    WindowReading(
                        window: .month, limit: 2, remaining: 0,
                        resetMilliseconds: reading.resetMilliseconds)))
    }

    @Test("a budget never lends more than it has, and has all of it in the end")
    func budget() throws {
        let budget = BodyBudget(limitBytes: 1_000)
        let highest = Atomic<Int>(0)
        try inThreads(8) {
            for size in 1..<2_000 {
                let bytes = size % 300 + 1
                guard budget.reserve(bytes) else { continue }
                highest.max(budget.usedBytes, ordering: .relaxed)
                budget.release(bytes)
            }
        }
        #expect(budget.usedBytes == 0)
        #expect(highest.load(ordering: .relaxed) <= 1_000)
        #expect(highest.load(ordering: .relaxed) > 0)
    }
}

/// Runs `body` in so many threads at once and waits for all of them.
func inThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) throws {
    var threads: [Thread] = []
    for index in 0..<count { threads.append(try Thread.spawn(name: "test \(index)", body)) }
    for thread in threads { thread.join() }
}
