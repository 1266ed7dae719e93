import Errors

/// Where a caller stands in one window.
public struct WindowReading: Equatable, Sendable {
    public let window: LimitWindow
    public let limit: Int
    /// Requests the window still admits, after the one just decided.
    public let remaining: Int
    /// Until the window begins anew, rounded up; at least 1.
    public let resetMilliseconds: Int

    public init(window: LimitWindow, limit: Int, remaining: Int, resetMilliseconds: Int) {
        self.window = window
        self.limit = limit
        self.remaining = remaining
        self.resetMilliseconds = resetMilliseconds
    }

    /// Whether a smaller part of the limit is left here than there.
    func isTighter(than other: WindowReading) -> Bool {
        let mine = remaining.multipliedFullWidth(by: other.limit)
        let theirs = other.remaining.multipliedFullWidth(by: limit)
        return (mine.high, mine.low) < (theirs.high, theirs.low)
    }
}

/// What a meter decided about one request.
public enum Admission: Equatable, Sendable {
    /// Counted in every limited window. The reading is that of the window with the least share
    /// left, nil without limits.
    case admitted(WindowReading?)
    /// Counted nowhere. The reading is that of the window that refused.
    case refused(WindowReading)
    /// Counted nowhere: a quota is used up. The reading is that of the window that refused, where
    /// requests are what it counts.
    case overQuota(QuotaFacts, WindowReading?)
    /// Counted nowhere: not the key but the process has used up its month.
    case processExhausted(WindowReading)

    public var error: GatewayError? {
        switch self {
        case .admitted: nil
        case .refused(let reading):
            .rateLimited(
                reading.window, limit: reading.limit,
                retryAfterMilliseconds: reading.resetMilliseconds)
        case .overQuota(let facts, _): .quotaExceeded(facts)
        case .processExhausted(let reading):
            .processExhausted(retryAfterMilliseconds: reading.resetMilliseconds)
        }
    }

    /// What the answer tells of limits.
    public var reading: WindowReading? {
        switch self {
        case .admitted(let reading), .overQuota(_, let reading): reading
        case .refused(let reading), .processExhausted(let reading): reading
        }
    }
}
