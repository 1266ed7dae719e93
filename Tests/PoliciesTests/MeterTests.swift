import Errors
import Kernel
import Policies
import Testing

extension Admission {
    var isAdmitted: Bool {
        if case .admitted = self { return true }
        return false
    }
}

@Suite("A meter")
struct MeterTests {
    let start = moment(2026, 11, 21, 12, 30, 15)

    @Test("admits exactly the limit in the 60 s that begin with the first request")
    func anchoredMinute() {
        let meter = Meter()
        let limits = RequestLimits(perMinute: 2)
        #expect(meter.admit(limits, at: start).isAdmitted)
        #expect(meter.admit(limits, at: start.later(milliseconds: 59_000)).isAdmitted)
        let third = meter.admit(limits, at: start.later(milliseconds: 59_998))
        #expect(
            third
                == .refused(
                    WindowReading(window: .minute, limit: 2, remaining: 0, resetMilliseconds: 2)))
        #expect(third.error == .rateLimited(.minute, limit: 2, retryAfterMilliseconds: 2))
        #expect(!meter.admit(limits, at: start.later(milliseconds: 59_999)).isAdmitted)
        #expect(meter.admit(limits, at: start.later(milliseconds: 60_000)).isAdmitted)
        // The new minute began just now, not where the old one ended.
        let inNew = meter.admit(limits, at: start.later(milliseconds: 119_999))
        #expect(inNew.reading?.resetMilliseconds == 1)
    }

    @Test(
        "counts the wall clock's minutes for the other two kinds",
        arguments: [RequestLimits.MinuteKind.calendarMinute, .epochAligned])
    func calendarMinute(kind: RequestLimits.MinuteKind) {
        let meter = Meter()
        let limits = RequestLimits(perMinute: 1, minuteKind: kind)
        let first = meter.admit(limits, at: start)
        #expect(first.reading?.resetMilliseconds == 45_000)
        #expect(!meter.admit(limits, at: start.later(milliseconds: 44_999)).isAdmitted)
        #expect(meter.admit(limits, at: start.later(milliseconds: 45_000)).isAdmitted)
    }

    @Test("begins the day anew at midnight UTC")
    func day() {
        let meter = Meter()
        let limits = RequestLimits(perMinute: 100, perDay: 2)
        let evening = moment(2024, 2, 28, 23, 59, 58)
        #expect(meter.admit(limits, at: evening).isAdmitted)
        #expect(meter.admit(limits, at: evening).isAdmitted)
        let refused = meter.admit(limits, at: evening.later(milliseconds: 500))
        #expect(refused.error == .rateLimited(.day, limit: 2, retryAfterMilliseconds: 1_500))
        #expect(!meter.admit(limits, at: evening.later(milliseconds: 1_999)).isAdmitted)
        #expect(meter.admit(limits, at: evening.later(milliseconds: 2_000)).isAdmitted)
    }

    static let monthEnds: [(Moment, Int64)] = [
        (moment(2024, 2, 29, 23, 59, 59), 1_000), (moment(2023, 2, 28, 23, 59, 59), 1_000),
        (moment(2025, 12, 31, 23, 59, 59), 1_000), (moment(2024, 2, 28, 0, 0, 0), 172_800_000),
        (moment(2100, 2, 28, 0, 0, 0), 86_400_000),
    ]

    @Test(
        "begins the month anew on its first day UTC, leap years and new year included",
        arguments: monthEnds)
    func month(last: Moment, left: Int64) {
        let meter = Meter()
        let limits = RequestLimits(perMonth: 1)
        #expect(meter.admit(limits, at: last).isAdmitted)
        let refused = meter.admit(limits, at: last)
        #expect(
            refused.error == .rateLimited(.month, limit: 1, retryAfterMilliseconds: Int(left)))
        #expect(!meter.admit(limits, at: last.later(milliseconds: left - 1)).isAdmitted)
        #expect(meter.admit(limits, at: last.later(milliseconds: left)).isAdmitted)
    }

    @Test("asks the minute before the day and the day before the month")
    func order() {
        let meter = Meter()
        let limits = RequestLimits(perMinute: 1, perDay: 1, perMonth: 1)
        #expect(meter.admit(limits, at: start).isAdmitted)
        #expect(meter.admit(limits, at: start).reading?.window == .minute)
        let next = start.later(milliseconds: 60_000)
        #expect(meter.admit(limits, at: next).reading?.window == .day)
        let tomorrow = start.later(milliseconds: 86_400_000)
        #expect(meter.admit(limits, at: tomorrow).reading?.window == .month)
    }

    @Test("counts a request in every window or in none")
    func allOrNone() {
        let meter = Meter()
        let both = RequestLimits(perMinute: 5, perDay: 1)
        #expect(meter.admit(both, at: start).isAdmitted)
        for _ in 0..<20 { #expect(meter.admit(both, at: start).reading?.window == .day) }
        let minute = meter.admit(RequestLimits(perMinute: 5), at: start)
        #expect(minute.reading?.remaining == 3)
    }

    @Test("a refusal by the day does not open a minute")
    func noAnchor() {
        let meter = Meter()
        let limits = RequestLimits(perMinute: 5, perDay: 1)
        #expect(meter.admit(limits, at: start).isAdmitted)
        let late = start.later(milliseconds: 70_000)
        #expect(!meter.admit(limits, at: late).isAdmitted)
        let first = meter.admit(RequestLimits(perMinute: 5), at: late.later(milliseconds: 50_000))
        #expect(first.reading?.resetMilliseconds == 60_000)
    }

    @Test("admits nothing at a limit of 0 and everything without a limit")
    func extremes() {
        let meter = Meter()
        let none = meter.admit(RequestLimits(perMinute: 0), at: start)
        #expect(none.error == .rateLimited(.minute, limit: 0, retryAfterMilliseconds: 60_000))
        #expect(!meter.admit(RequestLimits(perDay: 0), at: start).isAdmitted)
        #expect(!meter.admit(RequestLimits(perMonth: -5), at: start).isAdmitted)
        for _ in 0..<100 { #expect(meter.admit(.unlimited, at: start) == .admitted(nil)) }
    }

    @Test("reports the window of which the least share is left")
    func tightest() {
        let meter = Meter()
        let limits = RequestLimits(perMinute: 10, perDay: 1_000, perMonth: 4)
        let first = meter.admit(limits, at: start)
        #expect(first.reading?.window == .month)
        #expect(first.reading?.remaining == 3)
        let other = Meter()
        let even = RequestLimits(perMinute: 4, perDay: 8)
        #expect(other.admit(even, at: start).reading?.window == .minute)
    }

    @Test("goes on counting when the limits change")
    func reload() {
        let meter = Meter()
        for _ in 0..<3 { _ = meter.admit(RequestLimits(perDay: 10), at: start) }
        #expect(!meter.admit(RequestLimits(perDay: 3), at: start).isAdmitted)
        #expect(meter.admit(RequestLimits(perDay: 5), at: start).reading?.remaining == 1)
    }
}

@Suite("A meter whose wall clock is set")
struct ClockJumpTests {
    let limits = RequestLimits(perDay: 2)

    @Test("does not give the day twice when midnight comes twice")
    func back() {
        let meter = Meter()
        let morning = moment(2026, 5, 2, 0, 0, 10)
        #expect(meter.admit(limits, at: morning).isAdmitted)
        let back = morning.wallSet(bySeconds: -60)
        #expect(meter.admit(limits, at: back).isAdmitted)
        #expect(!meter.admit(limits, at: back).isAdmitted)
        // Midnight again: still the same day.
        #expect(!meter.admit(limits, at: back.later(milliseconds: 55_000)).isAdmitted)
        #expect(!meter.admit(limits, at: back.later(milliseconds: 86_390_000)).isAdmitted)
    }

    @Test("does not give the month twice either")
    func backMonth() {
        let meter = Meter()
        let first = moment(2026, 5, 1, 0, 0, 10)
        let month = RequestLimits(perMonth: 1)
        #expect(meter.admit(month, at: first).isAdmitted)
        #expect(!meter.admit(month, at: first.wallSet(bySeconds: -3_600)).isAdmitted)
        #expect(!meter.admit(month, at: first.later(milliseconds: 3_600_000)).isAdmitted)
    }

    @Test("is free again within a day after a clock that was wrong by years")
    func farForward() {
        let meter = Meter()
        let real = moment(2026, 5, 2, 12)
        let wrong = real.wallSet(bySeconds: 15 * 365 * 86_400)
        #expect(meter.admit(limits, at: wrong).isAdmitted)
        #expect(meter.admit(limits, at: wrong).isAdmitted)
        let refused = meter.admit(limits, at: real)
        #expect(!refused.isAdmitted)
        #expect(refused.reading?.resetMilliseconds == 12 * 3_600_000)
        #expect(meter.admit(limits, at: real.later(milliseconds: 12 * 3_600_000)).isAdmitted)
    }

    @Test("leaves the anchored minute alone")
    func minute() {
        let meter = Meter()
        let now = moment(2026, 5, 2, 12)
        let limits = RequestLimits(perMinute: 1)
        #expect(meter.admit(limits, at: now).isAdmitted)
        #expect(!meter.admit(limits, at: now.wallSet(bySeconds: 7_200)).isAdmitted)
    }

    @Test("a worker whose moment is a little older counts in the window the others opened")
    func staleMoment() {
        let meter = Meter()
        let midnight = moment(2026, 5, 2, 0, 0, 0)
        #expect(meter.admit(limits, at: midnight).isAdmitted)
        let stale = midnight.later(milliseconds: -3)
        #expect(meter.admit(limits, at: stale).isAdmitted)
        #expect(!meter.admit(limits, at: midnight).isAdmitted)
        let minute = Meter()
        #expect(minute.admit(RequestLimits(perMinute: 1), at: midnight).isAdmitted)
        let refused = minute.admit(RequestLimits(perMinute: 1), at: stale)
        #expect(refused.reading?.resetMilliseconds == 60_000)
    }
}
