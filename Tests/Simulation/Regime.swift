import Chance
import Policies

/// What a reload may change of the site.
struct Regime {
    let bodyLimit: Int
    /// Whether there is the route of listings.
    let hasListing: Bool
    /// Of the key that is bound to some models.
    let boundKey: KeyStatus
    /// Of the limited key.
    let limits: RequestLimits

    /// What a schedule begins with.
    init(_ scenario: Scenario) {
        bodyLimit = scenario.bodyLimit
        hasListing = true
        boundKey = .active
        limits = scenario.minuteLimit
    }

    /// What comes of a reload.
    init(_ scenario: Scenario, _ random: inout SeededRandom) {
        bodyLimit = random.pick([12_000, 1_000_000])
        hasListing = random.isLucky(2, in: 3)
        boundKey = random.pick([.active, .active, .suspended, .revoked])
        limits = RequestLimits(
            perMinute: 1 + random.below(4), perDay: scenario.minuteLimit.perDay,
            minuteKind: scenario.minuteLimit.minuteKind)
    }
}
