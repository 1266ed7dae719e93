import Kernel
import YAML

extension Configuration: Section {
    static let title = "Top level"
    static let purpose = "The process."
    static let settings: [Setting<Configuration>] = [
        Setting(
            "workers", \.workers, .whole(1...256, or: "auto"),
            why: "Threads that serve connections. `auto`: one per processor."),
        Setting(
            "pinWorkers", \.pinWorkers, .bool,
            why: "Ties each worker to a processor; for machines that do nothing else."),
        Setting(
            "spinMicroseconds", \.spinMicroseconds, .whole(0...1_000),
            why: "How long a busy worker polls before it sleeps: halves the latency of one "
                + "request at a time, costs processor time. 0: never."),
        Setting(
            "listeners", \.listeners, .list(of: .section, minimum: 1), isRequired: true,
            why: "Where clients connect."),
        Setting(
            "keyPepperFile", \.keyPepperFile, .optional(.path),
            why: "32 or more random bytes, all of which are hashed behind every key. Absent: the "
                + "environment variable GATEHOUSE_KEY_PEPPER holds them."),
        Setting("accessLog", \.accessLog, .section, why: "One line per request."),
        Setting("metrics", \.metrics, .section, why: "Numbers about the process."),
        Setting(
            "trustedProxies", \.trustedProxies,
            .list(of: .parsed("address range as `10.0.0.0/8`") { AddressRange($0) }),
            why: "Peers whose `X-Forwarded-*` fields are believed. From others they are dropped."),
        Setting("timeouts", \.timeouts, .section, why: "How long each step may take."),
        Setting("limits", \.limits, .section, why: "What peers may make the process hold."),
        Setting(
            "monthlyRequests", \.monthlyRequests, .section,
            why: "What all keys may use together."),
        Setting(
            "stateFile", \.stateFile, .optional(.path),
            why: "Keeps what was used of days and months over a restart; its folder must be "
                + "writable. Absent: counting begins anew with the process."),
        Setting(
            "stateSeconds", \.stateInterval, .seconds(100...3_600_000),
            why: "How often it is written, beside at the end: what a crash may lose."),
        Setting(
            "killed", \.killed, .bool,
            why: "The kill switch of everything: while it is on, whoever is let in otherwise is "
                + "answered 403."),
        Setting(
            "organizations", \.organizations, .list(of: .section),
            why: "Tenants and their projects, where there are any."),
        Setting(
            "organizationsFile", \.organizationsFile, .optional(.path),
            why: "Another file with `organizations`, read at start and at a reload."),
        Setting(
            "upstreams", \.upstreams, .list(of: .section, minimum: 1), isRequired: true,
            why: "Services requests are forwarded to."),
        Setting(
            "tokenIssuers", \.tokenIssuers, .list(of: .section),
            why: "Whose JSON Web Tokens are believed."),
        Setting(
            "sites", \.sites, .list(of: .section, minimum: 1), isRequired: true,
            why: "What is served under which host names."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        let nodes = node["sites"]?.items ?? []
        var hasDefault = false
        for (site, place) in zip(sites, nodes) where site.hosts.isEmpty {
            if hasDefault {
                reader.report(
                    "a second site without hosts: only one can serve every other host",
                    at: place.mark)
            }
            hasDefault = true
        }
        checkBodies(nodes, &reader)
        checkIssuers(nodes, &reader)
        checkRequestHeaders(nodes, &reader)
        readOrganizations(node, &reader)
        readPepper(node, &reader)
    }

    /// A body that can never be collected would make its route answer 503 for ever.
    private func checkBodies(_ nodes: [YAMLNode], _ reader: inout ConfigurationReader) {
        for (site, place) in zip(sites, nodes) {
            let largest =
                site.routes.filter { $0.body == .json }
                .map { $0.bodyLimitBytes ?? site.bodyLimitBytes }.max() ?? 0
            if largest > limits.collectedBodiesBytes {
                reader.report(
                    "bodies of \(largest) bytes do not fit into limits.collectedBodiesBytes",
                    at: place.mark(of: "bodyLimitBytes"))
            }
        }
    }

    /// `iss` has to say at which of a site's issuers a token is verified.
    private func checkIssuers(_ nodes: [YAMLNode], _ reader: inout ConfigurationReader) {
        for (site, place) in zip(sites, nodes) {
            var owners: [String: String] = [:]
            for name in site.tokenIssuers {
                for issuer in tokenIssuers.first(where: { $0.name == name })?.issuers ?? [] {
                    guard let owner = owners.updateValue(name, forKey: issuer) else { continue }
                    reader.report(
                        "token issuers \(owner) and \(name) both stand for \"\(issuer)\"",
                        at: place.mark(of: "tokenIssuer"))
                }
            }
        }
    }

    /// Two fields of one name, of which the upstream believes either, are nobody's wish.
    private func checkRequestHeaders(_ nodes: [YAMLNode], _ reader: inout ConfigurationReader) {
        for (site, place) in zip(sites, nodes) {
            let places = place["requestHeaders"]?["set"]?.items ?? []
            for (header, place) in zip(site.requestHeaders.set, places) {
                guard let upstream = upstreams.first(where: { $0.credentialHeader == header.name })
                else { continue }
                if ReservedFields.owner(of: header.name) != nil { continue }
                reader.report(
                    "\(header.name) holds the credential of upstream \(upstream.name)",
                    at: place.mark(of: "name"))
            }
        }
    }

    private mutating func readOrganizations(
        _ node: YAMLNode, _ reader: inout ConfigurationReader
    ) {
        guard let path = organizationsFile else { return }
        var file = OrganizationFile()
        reader.readFile(
            path, limit: OrganizationFile.limitBytes, at: node.mark(of: "organizationsFile"),
            into: &file)
        organizations += file.organizations
    }

    private mutating func readPepper(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        let variable = Configuration.pepperVariable
        if let path = keyPepperFile {
            let mark = node.mark(of: "keyPepperFile")
            guard let contents = reader.contents(of: path, limit: 4_096, at: mark) else { return }
            keyPepper = Secret(contents.bytes.array)
            if keyPepper.bytes.count < 32 {
                reader.report("\(path) holds fewer than 32 bytes", at: mark)
            }
        } else if let text = reader.environment(variable) {
            keyPepper = Secret(Array(text.utf8))
            if keyPepper.bytes.count < 32 {
                reader.report("\(variable) holds fewer than 32 bytes", at: node.mark)
            }
        } else if reader.checksFiles, sites.contains(where: { !$0.keys.isEmpty }) {
            reader.report(
                "keys need a pepper: set keyPepperFile or the variable \(variable)",
                at: node.mark)
        }
    }
}
