extension ClaimSettings: Section {
    static let title = "tokenIssuers[].claims"
    static let purpose = """
        The names of the claims that say who the caller is. Each is a string of at most 256 bytes \
        or a whole number; `none`: no claim says it.
        """
    static let settings: [Setting<ClaimSettings>] = [
        Setting("tenant", \.tenant, claim, why: "The organization."),
        Setting("project", \.project, claim, why: "The project in it."),
        Setting("user", \.user, claim, why: "The person; often `sub`."),
        Setting("role", \.role, claim, why: "What the caller is there."),
        Setting(
            "scopes", \.scopes, claim,
            why: "What the token may be used for: a list, or one string with spaces. Where it is "
                + "missing, `scope` is looked at."),
        Setting("tier", \.tier, claim, why: "The plan whose limits count."),
        Setting("session", \.session, claim, why: "What belongs together."),
    ]

    private static let claim = ValueKind<String?>.optional(.text("claim", limit: 256))
}
