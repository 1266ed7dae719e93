extension OrganizationSettings: Section {
    static let title = "organizations[]"
    static let purpose = """
        A tenant and its projects. Keys belong to one by naming it; tokens name both in their \
        claims.
        """
    static let settings: [Setting<OrganizationSettings>] = [
        Setting(
            "id", \.id, .name(of: .organization), isRequired: true,
            why: "What keys and tokens call it."),
        Setting("name", \.name, .text(limit: 255), why: "Whose it is, for people."),
        Setting(
            "status", \.status, .choice,
            why: "Callers of a `suspended` one are refused; their credentials stay as they are."),
        Setting(
            "killed", \.killed, .bool,
            why: "Its kill switch: while it is on, whoever is let in otherwise is answered 403."),
        Setting("projects", \.projects, .list(of: .section), why: "What belongs to it."),
    ]
}
