extension EndpointSettings: Section {
    static let title = "upstreams[].endpoints[]"
    static let purpose = """
        One of several places where an upstream is served. They share everything else: \
        credential, TLS, bounds.
        """
    static let settings: [Setting<EndpointSettings>] = [
        Setting(
            "url", \.url, .parsed("`http://` or `https://` URL") { UpstreamURL($0) },
            isRequired: true,
            why: "Where it is. The scheme is the same for all endpoints of an upstream."),
        Setting(
            "weight", \.weight, .whole(1...1_000),
            why: "Its share of the requests, beside the others' weights."),
    ]
}
