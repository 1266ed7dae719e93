/// `responseHeaders` as a section.
struct ResponseHeaderList: Section {
    var allowlist: [String] = []

    static let title = "sites[].responseHeaders"
    static let purpose = "The only fields of the upstream's answer that reach the client."
    static let settings: [Setting<ResponseHeaderList>] = [
        Setting(
            "allowlist", \.allowlist, .list(of: .fieldName), isRequired: true,
            why: "Names; the gateway's own fields need not be named.")
    ]
}
