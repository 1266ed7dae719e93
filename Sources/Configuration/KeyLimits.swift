/// What one key may use in a window; nil is unlimited.
public struct KeyLimits: Sendable, Equatable {
    public var requestsPerMinute: Int?
    public var requestsPerDay: Int?
    public var requestsPerMonth: Int?
    public var tokensPerMonth: Int?

    public init(
        requestsPerMinute: Int? = nil, requestsPerDay: Int? = nil, requestsPerMonth: Int? = nil,
        tokensPerMonth: Int? = nil
    ) {
        self.requestsPerMinute = requestsPerMinute
        self.requestsPerDay = requestsPerDay
        self.requestsPerMonth = requestsPerMonth
        self.tokensPerMonth = tokensPerMonth
    }
}
