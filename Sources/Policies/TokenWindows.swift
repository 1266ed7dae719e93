import Errors
import Kernel

/// What has been used of a budget of tokens, and what is held for requests under way.
///
/// A request holds its estimate until it is settled. What is held belongs to no window: a request
/// that goes on over midnight holds its tokens in the new day too, and what it used is counted in
/// the day in which it is settled. Both windows are counted for whoever has a limit in either, so a
/// limit that is set later finds what was used before.
struct TokenWindows: Sendable {
    /// A count never grows beyond this, so that sums of two cannot overflow.
    private static let most = 1 << 60

    var day = WallWindow()
    var month = WallWindow()
    private(set) var held = 0

    mutating func roll(to moment: Moment) {
        day.roll(.day, to: moment)
        month.roll(.month, to: moment)
    }

    mutating func hold(_ count: Int) { held = min(Self.most, held + count) }

    mutating func settle(held released: Int, used: Int) {
        held = max(0, held - released)
        day.add(min(used, Self.most - day.count))
        month.add(min(used, Self.most - month.count))
    }

    func isOver(at moment: Moment) -> Bool {
        held == 0 && day.isOver(at: moment) && month.isOver(at: moment)
    }

    /// The limited windows and what is left in each: less than nothing where an answer was longer
    /// than its estimate.
    func forEachReading(
        of limits: TokenLimits, at moment: Moment,
        _ body: (QuotaFacts.Window, WindowReading) -> Void
    ) {
        if let limit = limits.perDay {
            body(.day, reading(day, .day, limit, at: moment))
        }
        if let limit = limits.perMonth {
            body(.month, reading(month, .month, limit, at: moment))
        }
    }

    private func reading(
        _ window: WallWindow, _ name: LimitWindow, _ limit: Int, at moment: Moment
    ) -> WindowReading {
        WindowReading(
            window: name, limit: limit, remaining: limit - window.count - held,
            resetMilliseconds: window.millisecondsLeft(at: moment))
    }
}
