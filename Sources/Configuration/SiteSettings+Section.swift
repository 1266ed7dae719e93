import Kernel
import YAML

extension SiteSettings: Section {
    static let title = "sites[]"
    static let purpose = """
        A set of host names with its own dialect, keys, limits, routes and upstream. The dialect \
        chooses some of the other defaults.
        """
    /// A body that is collected takes memory of the process; nothing sensible is larger.
    static let largestBody = 1_073_741_824

    static let settings: [Setting<SiteSettings>] = place + answers + identities

    private static let place: [Setting<SiteSettings>] = [
        Setting(
            "name", \.name, .name(of: .site), isRequired: true,
            why: "Stands in the access log and the metrics."),
        Setting(
            "hosts", \.hosts, .list(of: .host),
            why: "Host names it answers to; `*.name` stands for every host with one label more, "
                + "which is the slug of a project where there are projects. None: every host that "
                + "no other site names."),
        Setting(
            "dialect", \.dialect, .choice, why: "How errors are worded, and what is usual there."),
        Setting(
            "upstream", \.upstream, .reference(to: .upstream), isRequired: true,
            why: "Where its requests go."),
        Setting(
            "credential", \.credentialSource, .optional(.section),
            why: "Shown to that upstream instead of its own, in the same field."),
        Setting(
            "defaultModel", \.defaultModel, .optional(.text("model", limit: 256)),
            why: "For chat requests that name no model, or `default`, where their project has none "
                + "of its own. `none`: they go on as they are."),
        Setting(
            "models", \.models, .list(of: .section),
            why: "Where requests for some models go instead, and what they are called there."),
        Setting(
            "routes", \.routes, .routes,
            why: "What it serves; everything else is 404. `all` is another word for `openai`."),
        Setting(
            "openapi", \.openapi, .bool,
            why: "Whether routes with the action `openapi` are served. The presets have one, "
                + "`GET /openapi.json`: whoever asks learns the site's paths, without a key."),
        Setting(
            "requestHeaders", \.requestHeaders, .section,
            why: "What the upstream gets besides, or in place of, the client's fields."),
        Setting(
            "bodyLimitBytes", \.bodyLimitBytes, .whole(0...largestBody),
            why: "Exactly this many bytes pass; one more is answered 413."),
    ]

    private static let answers: [Setting<SiteSettings>] = [
        Setting(
            "errorParam", \.errorParam, .bool,
            why: "Whether error envelopes have a `param` member, as OpenAI's schema demands. Of "
                + "`openai` and `bve` only."),
        Setting(
            "edgeDialect", \.edgeDialect, .choice,
            why: "Of `behest` only: whether errors read as its data plane words them, or as Kong "
                + "does before it."),
        Setting(
            "responseHeaders", \.responseHeaders, .rule,
            why: "`passAll`: all of the upstream's fields but those that would speak for the "
                + "gateway. An allowlist: only those."),
        Setting(
            "latencyHeader", \.latencyHeader, .optional(.fieldName),
            why: "A response field with the gateway's total time in whole milliseconds."),
        Setting(
            "identityHeaders", \.identityHeaders, .bool,
            why: "Whether the upstream is told who calls: `X-Tenant-Id`, `X-Project-Id`, "
                + "`X-End-User-Id`, `X-Role`, `X-Tier`. A client's own are dropped in any case."),
        Setting(
            "rateLimitHeaders", \.rateLimitHeaders, .bool,
            why: "Whether answers carry `x-ratelimit-*`, so that clients can pace themselves."),
        Setting(
            "crossOrigin", \.crossOrigin, .section,
            why: "What pages of other origins may do."),
    ]

    private static let identities: [Setting<SiteSettings>] = [
        Setting(
            "credentials", \.credentials, .list(of: .choice, minimum: 1, isOneAllowed: true),
            why: "Whether callers show an API key, a token (JWT), or either."),
        Setting(
            "tokenIssuer", \.tokenIssuers,
            .list(of: .reference(to: .tokenIssuer), isOneAllowed: true),
            why: "Whose tokens are believed: of one, or of several, which `iss` tells apart."),
        Setting(
            "credentialFields", \.credentialFields, .list(of: .choice, isOneAllowed: true),
            why: "Where the credential may stand instead of Authorization: Anthropic's clients "
                + "send `x-api-key`, Azure's `api-key`. Never in two places at once."),
        Setting(
            "keyPrefix", \.keyPrefix, .text("prefix", limit: 32),
            why: "What every key begins with; anything else is refused without a look-up."),
        Setting(
            "webSocketSubprotocolKeys", \.webSocketSubprotocolKeys, .bool,
            why: "Whether a WebSocket may bring its key as the subprotocol "
                + "`openai-insecure-api-key.KEY`, as pages in a browser must. Whoever can read "
                + "the page has the key then. It never goes upstream, whatever this says."),
        Setting(
            "addressRequestsPerMinute", \.addressRequestsPerMinute,
            .whole(1...1_000_000_000, or: "unlimited"),
            why: "Of each client address (IPv6: of each /64), whatever credential it shows; "
                + "checked before the credential is."),
        Setting(
            "defaultLimits", \.defaultLimits, .section,
            why: "For keys that set no limits of their own."),
        Setting(
            "tokenBudgets", \.tokenBudgets, .section,
            why: "How callers are held to their tokens."),
        Setting(
            "minuteWindow", \.minuteWindow, .choice,
            why: "When a minute begins: with the first request, or with the clock's."),
        Setting("keys", \.keys, .list(of: .section), why: "Who may use it."),
        Setting(
            "keysFile", \.keysFile, .optional(.path),
            why: "Another file with `keys`, read at start and at a reload."),
    ]

    static func initial(for node: YAMLNode) -> SiteSettings {
        guard case .scalar(let word, _) = node["dialect"]?.value,
            let dialect = Dialect(rawValue: word)
        else { return SiteSettings() }
        return SiteSettings(dialect: dialect)
    }

    static var variants: [(name: String, defaults: SiteSettings)] {
        Dialect.allCases.map { ($0.rawValue, SiteSettings(dialect: $0)) }
    }

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        complete(&keys, node["keys"]?.items ?? [], &reader)
        if let place = node["credential"] {
            credential = credentialSource?.fieldValue(place, &reader)
        }
        readKeysFile(node, &reader)
        checkRoutes(node, &reader)
        if !openapi { routes.removeAll { $0.action == .openapi } }
        if credentials.contains(.token) != !tokenIssuers.isEmpty {
            reader.report(
                "tokenIssuer and a token among the credentials belong together",
                at: node.mark(of: tokenIssuers.isEmpty ? "credentials" : "tokenIssuer"))
        }
        if !keyPrefix.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) {
            reader.report("expected visible ASCII", at: node.mark(of: "keyPrefix"))
        }
    }

    /// Reads what of the keys depends on the site. `nodes` are the entries' own.
    private func complete(
        _ keys: inout [KeyEntry], _ nodes: [YAMLNode], _ reader: inout ConfigurationReader
    ) {
        for (index, node) in zip(keys.indices, nodes) {
            keys[index].limits = defaultLimits
            if let written = keys[index].writtenLimits {
                reader.read(written, into: &keys[index].limits)
                keys[index].writtenLimits = nil
            }
            if let prefix = node["prefix"], !keys[index].prefix.hasPrefix(keyPrefix) {
                reader.report("expected to begin with \"\(keyPrefix)\"", at: prefix.mark)
            }
        }
    }

    private mutating func readKeysFile(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        guard let path = keysFile else { return }
        let mark = node.mark(of: "keysFile")
        var file = KeyFile()
        reader.readFile(path, limit: KeyFile.limitBytes, at: mark, into: &file) {
            root, file, reader in
            complete(&file.keys, root["keys"]?.items ?? [], &reader)
        }
        keys += file.keys
    }

    private func checkRoutes(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        guard let written = node["routes"] else { return }
        var seen: Set<String> = []
        let nodes = written["add"]?.items ?? written.items
        for (route, place) in zip(routes, nodes) {
            for method in Set(route.methods) where !seen.insert("\(method) \(route.path)").inserted
            {
                reader.report("\(method) \(route.path) is routed twice", at: place.mark)
            }
        }
    }
}

extension ValueKind where Value == ResponseHeaderRule {
    fileprivate static var rule: ValueKind {
        ValueKind(
            name: "`passAll`, or a section with `allowlist`",
            read: { node, _, reader in
                if node.value == .scalar("passAll", isPlain: true) { return .passAll }
                guard case .mapping = node.value else {
                    reader.report("expected passAll or allowlist: [names]", at: node.mark)
                    return nil
                }
                var list = ResponseHeaderList()
                reader.read(node, into: &list)
                return .allowlist(list.allowlist)
            },
            write: { rule in
                switch rule {
                case .passAll: "passAll"
                case .allowlist(let names): "allowlist: [\(names.joined(separator: ", "))]"
                }
            }, section: ResponseHeaderList.self)
    }
}
