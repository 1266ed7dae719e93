/// How many requests may be on their way for the second time.
public struct RetrySettings: Sendable, Equatable {
    /// Of a worker's active requests to the upstream.
    public var budgetPercent = 20
    public var minimum = 3

    public init() {}
}
