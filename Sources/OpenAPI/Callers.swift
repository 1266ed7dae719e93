import Configuration

/// What callers of a site show, and what they can be refused for.
public struct Callers {
    let showKeys: Bool
    let showTokens: Bool
    /// Where a credential may stand instead of Authorization.
    let credentialFields: [String]
    /// There are organizations, projects or a switch that is on.
    let areTenants: Bool
    /// Their addresses are limited.
    let areCounted: Bool
    /// Somebody's tokens are limited, and answers tell of it.
    let haveBudgets: Bool
    /// Somebody has a quota: of tokens, or as a tier has one of requests.
    let haveQuotas: Bool

    /// Those of a site as the whole configuration has them.
    public init(_ site: SiteSettings, in configuration: Configuration) {
        showKeys = site.credentials.contains(.key)
        showTokens = site.credentials.contains(.token)
        credentialFields = site.credentialFields.map(\.rawValue)
        areTenants = !configuration.organizations.isEmpty || configuration.killed
        areCounted = site.addressRequestsPerMinute != nil
        let projects = configuration.organizations.flatMap(\.projects)
        let issuers = configuration.tokenIssuers.filter { site.tokenIssuers.contains($0.name) }
        let limitsKeys =
            site.tokenBudgets.limitsKeys
            && site.keys.contains { $0.limits.tokensPerMonth != nil }
        let limitsUsers = projects.isEmpty && issuers.contains { $0.limitsTokens }
        let hasTierQuotas =
            site.credentials.contains(.token)
            && projects.contains { $0.tiers.contains { $0.requestsPerDay != nil } }
        haveBudgets = limitsKeys || limitsUsers || projects.contains { $0.limitsTokens }
        haveQuotas = haveBudgets || hasTierQuotas
    }
}

extension ProjectSettings {
    fileprivate var limitsTokens: Bool {
        let own = [tokensPerDay, tokensPerMonth, userTokensPerDay, userTokensPerMonth]
        return own.contains { $0 != nil } || tiers.contains { $0.limitsTokens }
    }
}

extension TierSettings {
    fileprivate var limitsTokens: Bool { tokensPerDay != nil || tokensPerMonth != nil }
}

extension TokenIssuerSettings {
    fileprivate var limitsTokens: Bool { userTokensPerDay != nil || userTokensPerMonth != nil }
}
