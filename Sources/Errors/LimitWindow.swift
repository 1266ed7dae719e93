/// The span of time a request limit counts in.
public enum LimitWindow: UInt8, CaseIterable, Sendable {
    case minute, hour, day, month

    /// The name in logs and in documentation.
    public var text: StaticString {
        switch self {
        case .minute: "minute"
        case .hour: "hour"
        case .day: "day"
        case .month: "month"
        }
    }
}
