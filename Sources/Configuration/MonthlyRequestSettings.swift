/// How many requests the process may serve in a month, whoever makes them; nil is unlimited.
public struct MonthlyRequestSettings: Sendable, Equatable {
    /// Reaching it is told on standard error.
    public var softCap: Int?
    /// Requests beyond it are refused.
    public var hardCap: Int?

    public init() {}
}
