import Kernel
import Policies
import Testing

@Suite("The schedule of a refresh")
struct RefreshScheduleTests {
    private func at(_ seconds: Int) -> Instant {
        Instant(nanoseconds: 1_000_000_000_000).advanced(milliseconds: seconds * 1_000)
    }

    private func schedule() -> RefreshSchedule {
        RefreshSchedule(
            intervalMilliseconds: 300_000, demandMilliseconds: 30_000, now: at(0))
    }

    @Test("begins at once and goes on at intervals")
    func intervals() {
        var schedule = schedule()
        #expect(schedule.due(isDemanded: false) == at(0))
        schedule.began(at: at(0))
        schedule.ended(well: true, at: at(1))
        #expect(schedule.due(isDemanded: false) == at(301))
    }

    @Test("follows a demand, but not within the interval of the last attempt, good or bad")
    func demands() {
        var schedule = schedule()
        #expect(schedule.due(isDemanded: true) == at(0))
        schedule.began(at: at(0))
        schedule.ended(well: true, at: at(1))
        #expect(schedule.due(isDemanded: true) == at(30))
        schedule.began(at: at(100))
        schedule.ended(well: false, at: at(101))
        #expect(schedule.due(isDemanded: true) == at(102))
        schedule.began(at: at(102))
        #expect(schedule.due(isDemanded: true) == at(102))
    }

    @Test("tries again soon after a failure, then less and less often, up to the interval")
    func failures() {
        var schedule = schedule()
        var waits: [Int] = []
        for _ in 0..<12 {
            schedule.began(at: at(0))
            schedule.ended(well: false, at: at(0))
            let due = schedule.due(isDemanded: false)
            waits.append(Int(due.since(at(0)) / 1_000_000_000))
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
        schedule.ended(well: true, at: at(0))
        schedule.ended(well: false, at: at(0))
        #expect(schedule.due(isDemanded: false) == at(1))
    }
}
