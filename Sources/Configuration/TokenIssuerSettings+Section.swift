import YAML

extension TokenIssuerSettings: Section {
    static let title = "tokenIssuers[]"
    static let purpose = """
        Somebody whose JSON Web Tokens are believed. The keys come from one of `jwksFile`, \
        `jwksUrl` and `discoveryUrl`; the last ones that were read stay in force while they cannot \
        be read again.
        """
    static let settings: [Setting<TokenIssuerSettings>] = source + rules + users

    private static let source: [Setting<TokenIssuerSettings>] = [
        Setting(
            "name", \.name, .name(of: .tokenIssuer), isRequired: true,
            why: "For the metrics and for what refers to it."),
        Setting(
            "jwksFile", \.keysFile, .optional(.file),
            why: "A JSON Web Key Set, looked at every second. Only a file may hold secrets "
                + "(`HS256`)."),
        Setting(
            "jwksUrl", \.keysURL, .optional(url),
            why: "Where the key set is fetched. Over `http://` whoever is on the way can put keys "
                + "of his own in it."),
        Setting(
            "discoveryUrl", \.discoveryURL, .optional(url),
            why: "OpenID Connect's document, as "
                + "`https://HOST/.well-known/openid-configuration`: its `jwks_uri` says where the "
                + "key set is, and its `issuer` must be one of `issuers`."),
        Setting(
            "caFile", \.caFile, .optional(.file),
            why: "PEM. Who may sign the servers' certificates, instead of the system's store."),
        Setting(
            "refreshSeconds", \.refresh, .seconds(1_000...86_400_000),
            why: "How often the keys are fetched again: a revoked key is believed that long."),
        Setting(
            "unknownKidSeconds", \.unknownKeyInterval, .seconds(1_000...3_600_000),
            why: "Tokens that name an unknown key make the keys be fetched at once, but not again "
                + "within this time."),
        Setting(
            "timeoutSeconds", \.timeout, .seconds(100...60_000),
            why: "For fetching one document, connecting included."),
    ]

    private static let rules: [Setting<TokenIssuerSettings>] = [
        Setting(
            "issuers", \.issuers, .list(of: .text("issuer"), minimum: 1), isRequired: true,
            why: "What `iss` may say, byte by byte."),
        Setting(
            "audiences", \.audiences, .list(of: .text("audience"), minimum: 1), isRequired: true,
            why: "What `aud` may say: one of them must be among the token's."),
        Setting(
            "algorithms", \.algorithms, .list(of: .choice, minimum: 1),
            why: "How its tokens may be signed. A key can narrow that by its type and its `alg`."),
        Setting(
            "leewaySeconds", \.leeway, .whole(0...60),
            why: "By how much clocks may differ when `exp`, `nbf` and `iat` are looked at."),
        Setting(
            "requiredClaims", \.requiredClaims, .list(of: .text("claim", limit: 256)),
            why: "What a token must say beside `exp`, `iss` and `aud`, whatever it says there."),
        Setting("claims", \.claims, .section, why: "Which claims say who the caller is."),
        Setting(
            "tenantMember", \.tenantMember, .optional(.text("member", limit: 256)),
            why: "The member of a key in the set that names the tenant who signs with it. Its "
                + "tokens speak for that tenant only, and for nobody above the role `user`."),
        Setting(
            "maxTokenBytes", \.maxTokenBytes, .whole(256...8_192),
            why: "Longer tokens are refused before they are read."),
        Setting(
            "cacheEntries", \.cacheEntries, .whole(0...1_000_000),
            why: "Verified tokens each worker remembers, rounded down to a power of two: they cost "
                + "a look-up instead of a verification. Below 4: none."),
    ]

    private static let users: [Setting<TokenIssuerSettings>] = [
        Setting(
            "userRequestsPerMinute", \.userRequestsPerMinute,
            .whole(0...1_000_000_000, or: "unlimited"),
            why: "Of each user, where there are no projects to say so."),
        Setting(
            "userRequestsPerDay", \.userRequestsPerDay,
            .whole(0...1_000_000_000_000, or: "unlimited"), why: "The same in a day, UTC."),
        Setting(
            "userTokensPerDay", \.userTokensPerDay,
            .whole(0...1_000_000_000_000, or: "unlimited"),
            why: "Prompts and answers of each user, in a day, UTC, where there are no projects."),
        Setting(
            "userTokensPerMonth", \.userTokensPerMonth,
            .whole(0...1_000_000_000_000, or: "unlimited"), why: "The same in a month, UTC."),
    ]

    private static let url = ValueKind<DocumentURL>.parsed("`http://` or `https://` URL") {
        DocumentURL($0)
    }

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        let sources = ["jwksFile", "jwksUrl", "discoveryUrl"].filter {
            node[$0].map { !$0.isNull } ?? false
        }
        if sources.count != 1 {
            reader.report(
                "exactly one of jwksFile, jwksUrl and discoveryUrl is needed", at: node.mark)
        }
        let url = keysURL ?? discoveryURL
        if url != nil, algorithms.contains(.hs256) {
            reader.report(
                "HS256 needs secrets, which are read from a jwksFile only",
                at: node.mark(of: "algorithms"))
        }
        if caFile != nil, url?.server.isTLS != true {
            reader.report("caFile has a meaning for https:// only", at: node.mark(of: "caFile"))
        }
    }
}
