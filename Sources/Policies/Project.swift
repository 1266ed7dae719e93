import Kernel

/// What callers of one organization share: a place, limits, tiers and switches.
public final class Project: Sendable {
    public let id: String
    /// The label of its host name.
    public let slug: String
    public let organization: Organization
    public let isSuspended: Bool
    /// Its kill switch is on.
    public let isKilled: Bool
    /// Of all its callers together.
    public let gate: Gate
    /// Of each user whose tier sets nothing.
    public let userLimits: RequestLimits
    public let userTokens: TokenLimits
    public let tiers: [Tier]
    /// nil: the site's.
    public let crossOrigin: CrossOriginPolicy?
    /// For requests that leave the choice to it; nil: the site's.
    public let model: [UInt8]?

    public init(
        id: String, slug: String, organization: Organization, isSuspended: Bool = false,
        isKilled: Bool = false, gate: Gate, userLimits: RequestLimits = .unlimited,
        userTokens: TokenLimits = .unlimited,
        tiers: [Tier] = [], crossOrigin: CrossOriginPolicy? = nil, model: String? = nil
    ) {
        self.id = id
        self.slug = slug
        self.organization = organization
        self.isSuspended = isSuspended
        self.isKilled = isKilled
        self.gate = gate
        self.userLimits = userLimits
        self.userTokens = userTokens
        self.tiers = tiers
        self.crossOrigin = crossOrigin
        self.model = model.map { Array($0.utf8) }
    }

    /// The tier that a credential names, by its name or by its number.
    public func tier(_ name: Span<UInt8>) -> Tier? {
        let number = name.decimal
        return tiers.first { tier in
            name.equals(tier.name.utf8.span) || number != nil && tier.number == number
        }
    }
}
