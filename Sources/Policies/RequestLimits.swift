import Errors

/// How many requests a key may make; nil means without a limit, 0 means none at all.
public struct RequestLimits: Equatable, Sendable {
    /// Where the minute begins.
    public enum MinuteKind: UInt8, CaseIterable, Sendable {
        /// With the first request; 60 s of the monotonic clock (BVE).
        case anchoredMinute
        /// With the wall clock's minute, UTC (Behest).
        case calendarMinute
        /// At multiples of 60 s since 1970 (OneCLI). Unix time knows no leap seconds, so it is the
        /// same stretch of time as the calendar's; the name tells which system's rule a site
        /// follows.
        case epochAligned
    }

    public var perMinute: Int?
    /// The day of the UTC calendar.
    public var perDay: Int?
    /// The month of the UTC calendar.
    public var perMonth: Int?
    public var minuteKind: MinuteKind

    public init(
        perMinute: Int? = nil, perDay: Int? = nil, perMonth: Int? = nil,
        minuteKind: MinuteKind = .anchoredMinute
    ) {
        self.perMinute = perMinute
        self.perDay = perDay
        self.perMonth = perMonth
        self.minuteKind = minuteKind
    }

    public static let unlimited = RequestLimits()

    public var isUnlimited: Bool { perMinute == nil && perDay == nil && perMonth == nil }
}
