import Kernel

/// A budget that is spent in tokens and refilled by time: `burst` at most, `perSecond` again each
/// second.
///
/// It reads no clock. Time that runs backwards refills nothing.
struct TokenBucket {
    /// Billionths of a token, so that a refill is one multiplication and nothing is lost to
    /// rounding.
    private var level: UInt64
    private let capacity: UInt64
    private let perSecond: UInt64
    private var filledAt: Instant?

    private static let scale: UInt64 = 1_000_000_000

    /// `burst` and `perSecond` count whole tokens; both are taken as 0 … 1,000,000,000.
    init(burst: Int, perSecond: Int) {
        capacity = UInt64(min(max(0, burst), 1_000_000_000)) * Self.scale
        level = capacity
        self.perSecond = UInt64(min(max(0, perSecond), 1_000_000_000))
    }

    /// Spends one token; false when there is none.
    mutating func take(at now: Instant) -> Bool {
        refill(at: now)
        guard level >= Self.scale else { return false }
        level -= Self.scale
        return true
    }

    /// Gives `count` tokens back, up to the burst.
    mutating func give(_ count: Int) {
        let (extra, overflow) = UInt64(max(0, count)).multipliedReportingOverflow(by: Self.scale)
        add(overflow ? capacity : extra)
    }

    private mutating func refill(at now: Instant) {
        guard let last = filledAt else {
            filledAt = now
            return
        }
        guard now > last else { return }
        filledAt = now
        let (gain, overflow) = now.since(last).multipliedReportingOverflow(by: perSecond)
        add(overflow ? capacity : gain)
    }

    private mutating func add(_ amount: UInt64) {
        level += min(amount, capacity - level)
    }
}
