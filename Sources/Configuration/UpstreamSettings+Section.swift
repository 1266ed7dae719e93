import YAML

extension UpstreamSettings: Section {
    static let title = "upstreams[]"
    static let purpose = "A service requests are forwarded to."
    static let settings: [Setting<UpstreamSettings>] = identity + bounds

    private static let identity: [Setting<UpstreamSettings>] = [
        Setting("name", \.name, .name(of: .upstream), isRequired: true, why: "Sites refer to it."),
        Setting(
            "url", \.writtenURL,
            .optional(.parsed("`http://` or `https://` URL") { UpstreamURL($0) }),
            why: "Where it is. A base path stands in place of the routes' `/v1`."),
        Setting(
            "urlEnv", \.urlEnv, .optional(.variable),
            why: "An environment variable whose value, if set, wins over `url`."),
        Setting(
            "endpoints", \.endpoints, .list(of: .section),
            why: "Several places instead of one `url`. Of two drawn by weight the one with less to "
                + "do gets the request."),
        Setting(
            "resolveSeconds", \.resolve, .seconds(1_000...86_400_000),
            why: "How often its names are looked up again. Connections to addresses that are gone "
                + "finish what they carry."),
        Setting(
            "protocol", \.protocol, .choice,
            why: "`auto`: what ALPN agrees on over TLS, HTTP/1.1 in cleartext. `h2` with an "
                + "`http://` URL speaks HTTP/2 with prior knowledge, the cheapest hop there is."),
        Setting(
            "credential", \.credentialSource, .optional(.section),
            why: "The operator's key, sent in place of the client's. `none`: nothing is sent."),
        Setting(
            "credentialHeader", \.credentialHeader, .fieldName,
            why: "The field that carries it (Anthropic: `x-api-key`)."),
        Setting(
            "credentialScheme", \.credentialScheme, .optional(.text("scheme", limit: 64)),
            why: "What stands before it in the field. `none`: the bare credential."),
        Setting(
            "hostHeader", \.hostHeader, .optional(.text("host", limit: 255)),
            why: "Sent as Host instead of the URL's host and port."),
        Setting(
            "caFile", \.caFile, .optional(.file),
            why: "PEM. Who may sign its certificate, instead of the system's store."),
        Setting(
            "serverName", \.serverName, .optional(.text("host name", limit: 253)),
            why: "The name to ask for and to find in its certificate, instead of the URL's host."),
        Setting(
            "clientCertificateFile", \.clientCertificateFile, .optional(.file),
            why: "PEM. Shown to upstreams that ask for a certificate."),
        Setting(
            "clientKeyFile", \.clientKeyFile, .optional(.file),
            why: "PEM. The key of `clientCertificateFile`."),
    ]

    private static let bounds: [Setting<UpstreamSettings>] = [
        Setting(
            "maxConnections", \.maxConnections, .whole(1...1_000_000),
            why: "Connections of the whole process to this upstream."),
        Setting(
            "maxPendingRequests", \.maxPendingRequests, .whole(0...1_000_000),
            why: "Requests that may wait for a connection; more are answered 503."),
        Setting(
            "maxActiveRequests", \.maxActiveRequests, .whole(1...1_000_000),
            why: "Requests under way at once; more wait."),
        Setting(
            "ejection", \.ejection, .section,
            why: "When an endpoint that keeps failing is left out."),
        Setting(
            "retries", \.retries, .section,
            why: "How many requests may be sent a second time at once."),
        Setting(
            "healthCheck", \.healthCheck, .optional(.section),
            why: "Asks the endpoints whether they are well. None: requests show it."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        overrideURL(node, &reader)
        checkEndpoints(node, &reader)
        if let host = hostHeader, !Names.isFieldValue(host) || host.utf8.contains(0x20) {
            reader.report("expected host or host:port", at: node.mark(of: "hostHeader"))
        }
        if let name = serverName, !HostName.isValid(name) {
            reader.report("expected a host name", at: node.mark(of: "serverName"))
        }
        if ReservedFields.isFraming(credentialHeader) {
            reader.report(
                "\(credentialHeader) belongs to the message that carries it",
                at: node.mark(of: "credentialHeader"))
        }
        if let scheme = credentialScheme, !Names.isFieldValue(scheme) {
            reader.report(
                "expected what a header field can carry", at: node.mark(of: "credentialScheme"))
        }
        if (clientCertificateFile == nil) != (clientKeyFile == nil) {
            reader.report(
                "clientCertificateFile and clientKeyFile belong together", at: node.mark)
        }
        if !url.isTLS {
            for name in ["caFile", "serverName", "clientCertificateFile"] {
                guard let value = node[name], !value.isNull else { continue }
                reader.report("\(name) has no meaning for an http:// URL", at: value.mark)
            }
        }
        if let place = node["credential"] {
            let secret = credentialSource?.fieldValue(place, &reader)
            credential = secret.map(credentialField)
        }
    }

    private mutating func overrideURL(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        guard let variable = urlEnv, let text = reader.environment(variable), !text.isEmpty
        else { return }
        if let value = UpstreamURL(text) {
            writtenURL = value
        } else {
            reader.report(
                "\(variable) does not hold an http:// or https:// URL", at: node.mark(of: "urlEnv"))
        }
    }

    /// One `url` or several `endpoints`, never both.
    private mutating func checkEndpoints(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        let hasURL = node["url"].map { !$0.isNull } ?? false
        guard let written = node["endpoints"], !written.isNull else {
            if !hasURL, writtenURL == nil {
                reader.report("\"url\" or \"endpoints\" is missing", at: node.mark)
            }
            endpoints = [EndpointSettings(url: writtenURL ?? UpstreamURL())]
            return
        }
        if hasURL || urlEnv != nil {
            reader.report("endpoints stand in place of url and urlEnv", at: written.mark)
        }
        if case .sequence(let nodes) = written.value,
            !(1...Self.mostEndpoints).contains(nodes.count)
        {
            reader.report("expected 1 to \(Self.mostEndpoints) endpoints", at: written.mark)
        }
        for (index, place) in zip(endpoints.indices, written.items) {
            let url = endpoints[index].url
            if url.isTLS != self.url.isTLS {
                reader.report("expected the scheme of the first endpoint", at: place.mark)
            }
            if endpoints[..<index].contains(where: { $0.url == url }) {
                reader.report("\(url) stands here twice", at: place.mark)
            }
        }
    }

    private static let mostEndpoints = 64
}
