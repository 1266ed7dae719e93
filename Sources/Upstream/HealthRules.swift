/// How endpoints are asked whether they are well, apart from what requests show.
public struct HealthRules: Sendable, Equatable {
    /// Asked for with GET; an answer of 2xx is a good one.
    public var path: [UInt8]
    public var intervalMilliseconds: Int
    /// For a whole check, connecting included.
    public var timeoutMilliseconds: Int
    /// Bad checks in a row that make an endpoint unhealthy.
    public var unhealthyAfter: Int
    /// Good checks in a row that make it healthy again.
    public var healthyAfter: Int

    public init(
        path: String, intervalMilliseconds: Int = 10_000, timeoutMilliseconds: Int = 5_000,
        unhealthyAfter: Int = 3, healthyAfter: Int = 2
    ) {
        self.path = Array(path.utf8)
        self.intervalMilliseconds = intervalMilliseconds
        self.timeoutMilliseconds = timeoutMilliseconds
        self.unhealthyAfter = unhealthyAfter
        self.healthyAfter = healthyAfter
    }
}
