import YAML

extension MonthlyRequestSettings: Section {
    static let title = "monthlyRequests"
    static let purpose = """
        What the process may serve in a month of the UTC calendar, all keys together: a fuse \
        before the operator's own bill.
        """
    static let settings: [Setting<MonthlyRequestSettings>] = [
        Setting(
            "softCap", \.softCap, count,
            why: "The request that reaches it is served; one line on standard error tells of it."),
        Setting(
            "hardCap", \.hardCap, count,
            why: "Exactly this many are admitted; more are answered 429 until the next month. "
                + "What a key's own limit refuses is not counted."),
    ]

    private static let count = ValueKind<Int?>.whole(0...1_000_000_000_000, or: "unlimited")

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if let softCap, let hardCap, softCap > hardCap {
            reader.report("softCap is larger than hardCap", at: node.mark(of: "softCap"))
        }
    }
}
