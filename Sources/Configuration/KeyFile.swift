/// A file that holds keys and nothing else, so that keys can come from elsewhere than the settings.
struct KeyFile: Section {
    var keys: [KeyEntry] = []

    static let title = "keysFile"
    static let purpose = "Another YAML file with one setting, for keys that change on their own."
    static let settings: [Setting<KeyFile>] = [
        Setting("keys", \.keys, .list(of: .section), why: "As in `sites[].keys`.")
    ]

    /// 64 MiB hold some 200,000 keys.
    static let limitBytes = 67_108_864
}
