import Kernel

/// How long one side of an exchange was waited for, to be compared with the bytes it moved
/// meanwhile. The time in which the gateway or the other side held it up does not count.
struct Pace {
    /// What it has earned is looked at again long before.
    private static let longest = 86_400_000

    private var waited: UInt64 = 0

    mutating func waited(from start: Instant, to end: Instant) { waited &+= end.since(start) }

    /// For how many milliseconds more it may be waited for: `grace` as a whole, and as long as
    /// `bytes` take at the slowest rate that is accepted.
    func patience(grace: Int, bytes: Int, perSecond rate: Int) -> Int {
        let earned = min(bytes / rate, Self.longest) * 1_000 + bytes % rate * 1_000 / rate
        return min(max(0, grace + earned - Int(clamping: waited / 1_000_000)), Self.longest)
    }
}
