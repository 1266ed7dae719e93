import Kernel

/// Decides whether a worker polls for a moment before it sleeps.
///
/// Waking a sleeping thread costs tens of microseconds, which a busy connection waits for. Polling
/// hides them, but burns a processor: so it is done only while the gaps between events, as
/// observed, are shorter than the time that may be spent. An idle worker never spins.
struct Spin {
    private let bound: UInt64
    /// A moving average of the gap between the end of a turn and the next event, in nanoseconds.
    private var gap: UInt64 = .max / 16

    init(microseconds: Int) { bound = UInt64(microseconds) * 1_000 }

    var isWorthwhile: Bool { bound > 0 && gap < bound }
    var budget: UInt64 { bound }

    /// The wait before the turn that begins now lasted `nanoseconds`.
    mutating func observed(_ nanoseconds: UInt64) {
        let seen = min(nanoseconds, bound * 16)
        gap = gap > bound * 16 ? seen : (gap * 7 + seen) / 8
    }
}
