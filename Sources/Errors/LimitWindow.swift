/// The span of time a request limit counts in.
public enum LimitWindow: UInt8, CaseIterable, Sendable {
    case minute, day, month

    /// The name in logs and in documentation.
    public var text: StaticString {
        switch self {
        case .minute: "minute"
        case .day: "day"
        case .month: "month"
        }
    }
}
