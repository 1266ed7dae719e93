import CKernel

/// A point on the monotonic clock, in nanoseconds since an arbitrary start.
public struct Instant: Comparable, Hashable, Sendable {
    public var nanoseconds: UInt64

    public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// One reading of the monotonic clock, for whoever measures how long work took.
    public static func now() -> Instant { Instant(nanoseconds: read(CLOCK_MONOTONIC)) }

    public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

    public func advanced(milliseconds: Int) -> Instant {
        Instant(nanoseconds: nanoseconds + UInt64(milliseconds) * 1_000_000)
    }

    /// Nanoseconds from `earlier` to here, 0 when `earlier` is later.
    public func since(_ earlier: Instant) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }
}

/// Wall-clock time: nanoseconds since 1970-01-01T00:00:00Z.
public struct UnixTime: Comparable, Hashable, Sendable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    public init(seconds: Int64) { nanoseconds = seconds * 1_000_000_000 }

    /// Whole seconds, rounded down.
    public var seconds: Int64 { nanoseconds / 1_000_000_000 }

    public static func < (a: UnixTime, b: UnixTime) -> Bool { a.nanoseconds < b.nanoseconds }
}

/// Both clocks, read together: machines and policies take it as an argument and never look
/// themselves.
public struct Moment: Sendable {
    public var monotonic: Instant
    public var wall: UnixTime

    public init(monotonic: Instant, wall: UnixTime) {
        self.monotonic = monotonic
        self.wall = wall
    }

    public static func now() -> Moment {
        Moment(
            monotonic: Instant(nanoseconds: read(CLOCK_MONOTONIC)),
            wall: UnixTime(nanoseconds: Int64(read(CLOCK_REALTIME)))
        )
    }
}

private func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
