/// What callers of one organization share.
public struct ProjectSettings: Sendable {
    public var id = ""
    /// The label of its host name, in lower case; empty: it has none.
    public var slug: String?
    public var name = ""
    public var status = OrganizationSettings.Status.active
    public var killed = false
    /// Of all its callers together; nil is unlimited.
    public var requestsPerMinute: Int? = 60
    public var requestsPerDay: Int?
    /// Of each user whose tier says nothing; nil: a tenth of the project's, at least 3.
    public var userRequestsPerMinute: Int?
    /// Of all its callers together; nil is unlimited.
    public var tokensPerDay: Int?
    public var tokensPerMonth: Int?
    /// Of each user whose tier says nothing.
    public var userTokensPerDay: Int?
    public var userTokensPerMonth: Int?
    public var tiers: [TierSettings] = []
    /// nil: the site's.
    public var crossOrigin: CrossOriginSettings?
    public var model: String?

    public init() {}
}
