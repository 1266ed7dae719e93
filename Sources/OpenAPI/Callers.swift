import Configuration

/// What callers of a site show, and what they can be refused for.
struct Callers {
    let showKeys: Bool
    let showTokens: Bool
    /// There are organizations, projects or a switch that is on.
    let areTenants: Bool
    /// Their addresses are limited.
    let areCounted: Bool

    init(_ site: SiteSettings, areTenants: Bool) {
        showKeys = site.credentials.contains(.key)
        showTokens = site.credentials.contains(.token)
        self.areTenants = areTenants
        areCounted = site.addressRequestsPerMinute != nil
    }
}
