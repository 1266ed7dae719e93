/// A file that holds organizations and nothing else, so that they can come from elsewhere than the
/// settings.
struct OrganizationFile: Section {
    var organizations: [OrganizationSettings] = []

    static let title = "organizationsFile"
    static let purpose = "Another YAML file with one setting, for tenants that change on their own."
    static let settings: [Setting<OrganizationFile>] = [
        Setting(
            "organizations", \.organizations, .list(of: .section), why: "As at the top level.")
    ]

    static let limitBytes = 67_108_864
}
