/// How endpoints are asked whether they are well.
public struct HealthCheckSettings: Sendable, Equatable {
    public var path = ""
    /// Milliseconds.
    public var interval = 10_000
    /// Milliseconds, for a whole check.
    public var timeout = 5_000
    public var unhealthyAfter = 3
    public var healthyAfter = 2

    public init() {}
}
