import Configuration

extension Configuration {
    /// The settings that differ from those of `running` and cannot change while the program runs:
    /// threads, sockets and files were made from them.
    func changesThatNeedRestart(since running: Configuration) -> [String] {
        let fixed: [(name: String, isSame: Bool)] = [
            ("workers", workers == running.workers),
            ("pinWorkers", pinWorkers == running.pinWorkers),
            ("spinMicroseconds", spinMicroseconds == running.spinMicroseconds),
            ("the names of listeners", listeners.map(\.name) == running.listeners.map(\.name)),
            (
                "the addresses of listeners",
                listeners.map(\.address) == running.listeners.map(\.address)
            ),
            ("limits.meters", limits.meters == running.limits.meters),
            ("stateFile", stateFile == running.stateFile),
            ("stateSeconds", stateInterval == running.stateInterval),
            ("accessLog", accessLog == running.accessLog),
            ("metrics", metrics == running.metrics),
            (
                "the key sources of token issuers",
                tokenIssuers.map(\.source) == running.tokenIssuers.map(\.source)
            ),
        ]
        return fixed.filter { !$0.isSame }.map(\.name)
    }
}

extension TokenIssuerSettings {
    /// What its keys are read by: all but the rules for tokens.
    fileprivate var source: TokenIssuerSettings {
        let usual = TokenIssuerSettings()
        var source = self
        // A discovery document is compared with the issuers.
        if discoveryURL == nil { source.issuers = usual.issuers }
        source.audiences = usual.audiences
        source.userRequestsPerMinute = usual.userRequestsPerMinute
        source.userRequestsPerDay = usual.userRequestsPerDay
        source.userTokensPerDay = usual.userTokensPerDay
        source.userTokensPerMonth = usual.userTokensPerMonth
        source.algorithms = usual.algorithms
        source.leeway = usual.leeway
        source.requiredClaims = usual.requiredClaims
        source.claims = usual.claims
        source.maxTokenBytes = usual.maxTokenBytes
        source.cacheEntries = usual.cacheEntries
        return source
    }
}
