import Errors
import Kernel

/// Counts the requests of one key in its windows, for all workers together.
///
/// A limit of N admits exactly N in its window however many workers race: the windows are looked at
/// and counted up under one lock, held for a few dozen nanoseconds. Atomics would not do, because a
/// request is counted in every window or in none. Counters belong to the key, not to the limits, so
/// they outlive a reload that changes the limits.
public final class Meter: Sendable {
    struct State: Sendable {
        var anchor = Instant(nanoseconds: 0)
        var anchored = 0
        var minute = WallWindow()
        var day = WallWindow()
        var month = WallWindow()
        var tokens = TokenWindows()
    }

    private static let minuteNanoseconds: UInt64 = 60_000_000_000

    private let state = Lock(State())

    public init() {}

    /// Decides about one request and counts it when it is admitted. Tested in the order minute,
    /// day, month, then whatever else has to admit it; windows without a limit are not counted.
    ///
    /// `others` are asked under this meter's lock, after its own windows: so neither counts what
    /// the other refuses, and nothing is counted that would have to be taken back. They must not
    /// ask this meter again.
    public func admit(
        _ limits: RequestLimits, at moment: Moment, andThen others: () -> Admission
    ) -> Admission {
        if limits.isUnlimited { return others() }
        return state.withLock { state in Self.admit(limits, at: moment, others, &state) }
    }

    /// The same where nothing else has to admit it.
    public func admit(_ limits: RequestLimits, at moment: Moment) -> Admission {
        admit(limits, at: moment) { .admitted(nil) }
    }

    /// What was counted in the month of `moment` so far.
    func monthCount(at moment: Moment) -> Int {
        state.withLock { state in
            state.month.roll(.month, to: moment)
            return state.month.count
        }
    }

    /// Whether every window has passed, so that nothing is lost with the meter.
    public func isIdle(at moment: Moment) -> Bool {
        state.withLock { state in
            let isAnchorOver =
                state.anchored == 0
                || moment.monotonic.since(state.anchor) >= Self.minuteNanoseconds
            return isAnchorOver && state.minute.isOver(at: moment) && state.day.isOver(at: moment)
                && state.month.isOver(at: moment) && state.tokens.isOver(at: moment)
        }
    }

    /// What is counted of tokens, for requests at that moment. `body` must not ask this meter.
    func withTokens<Result: Sendable>(
        at moment: Moment, _ body: (inout TokenWindows) -> Result
    ) -> Result {
        state.withLock { state in
            state.tokens.roll(to: moment)
            return body(&state.tokens)
        }
    }

    func withState<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        state.withLock { body(&$0) }
    }

    private static func admit(
        _ limits: RequestLimits, at moment: Moment, _ others: () -> Admission,
        _ state: inout State
    ) -> Admission {
        var tightest: WindowReading?
        if let limit = limits.perMinute {
            let reading = readMinute(limits.minuteKind, limit, at: moment, &state)
            if let refusal = judge(reading, &tightest) { return refusal }
        }
        if let limit = limits.perDay {
            state.day.roll(.day, to: moment)
            let reading = read(state.day, .day, limit, at: moment)
            if let refusal = judge(reading, &tightest) { return refusal }
        }
        if let limit = limits.perMonth {
            state.month.roll(.month, to: moment)
            let reading = read(state.month, .month, limit, at: moment)
            if let refusal = judge(reading, &tightest) { return refusal }
        }
        let rest = others()
        guard case .admitted(let reading) = rest else { return rest }
        count(limits, at: moment, &state)
        guard let reading, let own = tightest, reading.isTighter(than: own) else {
            return .admitted(tightest ?? reading)
        }
        return .admitted(reading)
    }

    /// `reading` counts this request as made: a negative rest means there was no room for it.
    private static func judge(
        _ reading: WindowReading, _ tightest: inout WindowReading?
    ) -> Admission? {
        if reading.remaining < 0 {
            return .refused(
                WindowReading(
                    window: reading.window, limit: reading.limit, remaining: 0,
                    resetMilliseconds: reading.resetMilliseconds))
        }
        if let other = tightest, !reading.isTighter(than: other) { return nil }
        tightest = reading
        return nil
    }

    private static func readMinute(
        _ kind: RequestLimits.MinuteKind, _ limit: Int, at moment: Moment, _ state: inout State
    ) -> WindowReading {
        guard kind == .anchoredMinute else {
            state.minute.roll(.minute, to: moment)
            return read(state.minute, .minute, limit, at: moment)
        }
        let age = moment.monotonic.since(state.anchor)
        if state.anchored > 0, age >= minuteNanoseconds { state.anchored = 0 }
        let left = state.anchored == 0 ? minuteNanoseconds : minuteNanoseconds - age
        return WindowReading(
            window: .minute, limit: max(0, limit), remaining: limit - state.anchored - 1,
            resetMilliseconds: Int((left + 999_999) / 1_000_000))
    }

    private static func read(
        _ window: WallWindow, _ name: LimitWindow, _ limit: Int, at moment: Moment
    ) -> WindowReading {
        WindowReading(
            window: name, limit: max(0, limit), remaining: limit - window.count - 1,
            resetMilliseconds: window.millisecondsLeft(at: moment))
    }

    private static func count(
        _ limits: RequestLimits, at moment: Moment, _ state: inout State
    ) {
        if limits.perMinute != nil {
            if limits.minuteKind == .anchoredMinute {
                if state.anchored == 0 { state.anchor = moment.monotonic }
                state.anchored += 1
            } else {
                state.minute.add()
            }
        }
        if limits.perDay != nil { state.day.add() }
        if limits.perMonth != nil { state.month.add() }
    }
}
