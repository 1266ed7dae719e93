/// What each user of one tier of a project may use; nil is the project's.
public struct TierSettings: Sendable {
    public var name = ""
    public var number: Int?
    public var requestsPerMinute: Int?
    public var requestsPerDay: Int?
    public var tokensPerDay: Int?
    public var tokensPerMonth: Int?

    public init() {}
}
