import Kernel

/// When something that is fetched is fetched again: at intervals; sooner and less and less often
/// while it fails; on demand, but not more often than so.
public struct RefreshSchedule: Sendable {
    /// The wait behind the first failure; it doubles with each further one, up to the interval.
    private static let firstRetryMilliseconds = 1_000

    private let interval: Int
    private let demandInterval: Int
    private var next: Instant
    private var begunAt: Instant?
    private var retry = Self.firstRetryMilliseconds

    /// The first fetch is due at once.
    public init(intervalMilliseconds: Int, demandMilliseconds: Int, now: Instant) {
        interval = intervalMilliseconds
        demandInterval = demandMilliseconds
        next = now
    }

    /// When to fetch, as things are.
    public func due(isDemanded: Bool) -> Instant {
        guard isDemanded, let begunAt else { return next }
        return min(next, begunAt.advanced(milliseconds: demandInterval))
    }

    public mutating func began(at now: Instant) { begunAt = now }

    public mutating func ended(well isGood: Bool, at now: Instant) {
        if isGood {
            retry = Self.firstRetryMilliseconds
            next = now.advanced(milliseconds: interval)
        } else {
            next = now.advanced(milliseconds: min(retry, interval))
            retry = min(retry * 2, interval)
        }
    }
}
