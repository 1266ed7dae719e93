import YAML

extension HealthCheckSettings: Section {
    static let title = "upstreams[].healthCheck"
    static let purpose = """
        A request that is made to each endpoint again and again, on a connection of its own, \
        with the upstream's protocol, TLS, host and credential. An answer of 2xx is a good one.
        """
    static let settings: [Setting<HealthCheckSettings>] = [
        Setting(
            "path", \.path, .target, isRequired: true,
            why: "Asked for with GET, from the root of the endpoint."),
        Setting(
            "intervalSeconds", \.interval, .seconds(100...86_400_000),
            why: "From the beginning of one check to that of the next."),
        Setting(
            "timeoutSeconds", \.timeout, .seconds(1...3_600_000),
            why: "For a whole check, connecting included."),
        Setting(
            "unhealthyAfter", \.unhealthyAfter, .whole(1...1_000),
            why: "Bad checks in a row after which an endpoint gets no requests. When none is well, "
                + "all get them."),
        Setting(
            "healthyAfter", \.healthyAfter, .whole(1...1_000),
            why: "Good checks in a row after which it gets them again."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if timeout > interval {
            reader.report(
                "timeoutSeconds is longer than intervalSeconds",
                at: node.mark(of: "timeoutSeconds"))
        }
    }
}

extension ValueKind where Value == String {
    /// The target of a request: a path, with or without a query.
    fileprivate static var target: ValueKind {
        scalar("path as `/health`", write: { $0 }) { text in
            let isFit = text.utf8.first == UInt8(ascii: "/") && text.utf8.count <= 1_024
            let isClean = text.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#")
            }
            return isFit && isClean ? text : nil
        }
    }
}
