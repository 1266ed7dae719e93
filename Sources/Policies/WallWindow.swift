import Kernel

/// One counting window that follows the wall clock.
///
/// The wall clock may be set back. The window then stays where it was: going over midnight twice
/// must not give a caller two days' worth. It also must not bind a caller for years after a clock
/// that was wrong by years for a moment. So a window that lies in the future ends when as much
/// monotonic time has passed as it had left when it was opened.
struct WallWindow: Sendable {
    enum Kind: Sendable { case minute, day, month }

    /// Seconds since 1970; the window holds `start ..< end`. Empty before the first use.
    private var start: Int64 = 0
    private var end: Int64 = .min
    /// When the window is over at the latest, on the monotonic clock.
    private var expiry = Instant(nanoseconds: 0)
    private(set) var count = 0

    /// Moves on to the window of `moment` when the old one is over.
    mutating func roll(_ kind: Kind, to moment: Moment) {
        let seconds = Self.seconds(moment.wall)
        if seconds >= start, seconds < end { return }
        if seconds < start, moment.monotonic < expiry { return }
        open(kind, seconds, at: moment)
    }

    mutating func add(_ amount: Int = 1) { count += amount }

    /// Whether nothing would be lost by forgetting the window.
    func isOver(at moment: Moment) -> Bool {
        let seconds = Self.seconds(moment.wall)
        if count == 0 || seconds >= end { return true }
        return seconds < start && moment.monotonic >= expiry
    }

    /// Until the window of `moment` ends, rounded up to whole milliseconds; at least 1.
    func millisecondsLeft(at moment: Moment) -> Int {
        if Self.seconds(moment.wall) < start {
            return max(1, Int(clamping: (expiry.since(moment.monotonic) + 999_999) / 1_000_000))
        }
        let nanoseconds = max(0, end * 1_000_000_000 - moment.wall.nanoseconds)
        return max(1, Int((nanoseconds + 999_999) / 1_000_000))
    }

    /// What of the window outlives the process: when it began, and its count.
    var record: WindowRecord { WindowRecord(start: count == 0 ? 0 : start, count: count) }

    /// The window that was recorded, if it is not over. One that lies in the future, because the
    /// clock was set back meanwhile, is over at the latest when it has passed as a whole.
    init(_ record: WindowRecord, _ kind: Kind, at moment: Moment) {
        guard record.count > 0 else { return }
        var past = moment
        past.wall = UnixTime(seconds: record.start)
        open(kind, record.start, at: past)
        count = record.count
        roll(kind, to: moment)
    }

    init() {}

    /// Adds what was counted elsewhere in the same window. It may be less than nothing: what was
    /// held for a request is given back in part when its cost is known.
    mutating func add(
        from before: WindowRecord, to after: WindowRecord, _ kind: Kind, at moment: Moment
    ) {
        let start = after.count > 0 ? after.start : before.start
        let growth = after.count - (before.start == start ? before.count : 0)
        let own = isOver(at: moment) ? WindowRecord() : record
        guard growth != 0, own.count == 0 || own.start == start else { return }
        let sum = WindowRecord(start: start, count: max(0, own.count + growth))
        self = WallWindow(sum, kind, at: moment)
    }

    private mutating func open(_ kind: Kind, _ seconds: Int64, at moment: Moment) {
        switch kind {
        case .minute:
            start = CivilCalendar.floorDivide(seconds, 60) * 60
            end = start + 60
        case .day:
            start = CivilCalendar.day(ofSeconds: seconds) * CivilCalendar.secondsPerDay
            end = start + CivilCalendar.secondsPerDay
        case .month: (start, end) = CivilCalendar.month(ofSeconds: seconds)
        }
        count = 0
        let left = UInt64(max(0, end * 1_000_000_000 - moment.wall.nanoseconds))
        expiry = Instant(nanoseconds: moment.monotonic.nanoseconds &+ left)
    }

    /// Whole seconds, rounded down, also before 1970.
    private static func seconds(_ time: UnixTime) -> Int64 {
        CivilCalendar.floorDivide(time.nanoseconds, 1_000_000_000)
    }
}
