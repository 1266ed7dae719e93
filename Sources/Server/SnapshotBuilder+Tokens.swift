import Configuration
import Crypto
import Policies

extension SnapshotBuilder {
    /// The sources of all token issuers, in the order of the configuration. Files are read already.
    static func keySources(
        _ configuration: Configuration
    ) throws(StartFault) -> [KeySetSource] {
        var sources: [KeySetSource] = []
        for settings in configuration.tokenIssuers { sources.append(try KeySetSource(settings)) }
        return sources
    }

    /// In the order of the configuration, which is that of the sources.
    func tokenIssuers(_ directory: Directory) -> [TokenIssuer] {
        zip(configuration.tokenIssuers, surroundings.keySources).map { settings, source in
            let holders = TokenHolders(
                issuer: settings.name, directory: directory, meters: surroundings.meters,
                userLimits: RequestLimits(
                    perMinute: settings.userRequestsPerMinute, perDay: settings.userRequestsPerDay,
                    minuteKind: .calendarMinute),
                userTokens: TokenLimits(
                    perDay: settings.userTokensPerDay, perMonth: settings.userTokensPerMonth))
            return TokenIssuer(
                name: settings.name, rules: rules(settings), holders: holders,
                cacheEntries: settings.cacheEntries, demand: source.demand)
        }
    }

    /// Whom a site trusts, by their places in the configuration.
    func trustedIssuers(_ settings: SiteSettings) -> [Int] {
        settings.tokenIssuers.compactMap { name in
            configuration.tokenIssuers.firstIndex { $0.name == name }
        }
    }

    private func rules(_ settings: TokenIssuerSettings) -> TokenRules {
        var algorithms: SignatureAlgorithms = []
        for algorithm in settings.algorithms {
            let name = algorithm.rawValue
            if let known = SignatureAlgorithm(name: name.utf8.span) {
                algorithms.insert(SignatureAlgorithms(known))
            }
        }
        var rules = TokenRules(
            issuers: settings.issuers, audiences: settings.audiences, algorithms: algorithms)
        rules.requiredClaims = settings.requiredClaims.map { Array($0.utf8) }
        rules.claims = claims(settings.claims)
        rules.maxTokenBytes = settings.maxTokenBytes
        rules.leeway = settings.leeway
        return rules
    }

    private func claims(_ settings: ClaimSettings) -> ClaimMap {
        var map = ClaimMap()
        map.tenant = Array((settings.tenant ?? "").utf8)
        map.project = Array((settings.project ?? "").utf8)
        map.user = Array((settings.user ?? "").utf8)
        map.role = Array((settings.role ?? "").utf8)
        map.scopes = Array((settings.scopes ?? "").utf8)
        map.tier = Array((settings.tier ?? "").utf8)
        map.session = Array((settings.session ?? "").utf8)
        return map
    }
}
