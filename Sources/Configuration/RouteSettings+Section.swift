import YAML

extension RouteSettings: Section {
    static let title = "sites[].routes[]"
    static let purpose = "Methods, a path pattern and what happens to the requests that match."
    static let settings: [Setting<RouteSettings>] = [
        Setting(
            "methods", \.methods, .list(of: .method, minimum: 1, isOneAllowed: true),
            isRequired: true, why: "HEAD follows GET and need not be named."),
        Setting(
            "path", \.path,
            .parsed("path of literal segments, `{name}` and a trailing `/**`") { PathPattern($0) },
            isRequired: true,
            why: "`/v1/files/**` matches `/v1/files` and everything below. The first route that "
                + "matches wins."),
        Setting(
            "action", \.action, .choice,
            why: "`forward` passes on. `health` answers without a key, and `openapi` with a "
                + "description of the site (OpenAPI 3.1). `legacyCompletions` answers the old "
                + "completions API through `/v1/chat/completions`, never as a stream. "
                + "`websocket` opens a WebSocket and passes on what flows, unread."),
        Setting(
            "body", \.body, .choice,
            why: "`json`: collected, refused unless it is JSON, so that `model` can be checked. "
                + "`stream`: passed on piece by piece. `none`: the route takes no body."),
        Setting(
            "bodyLimitBytes", \.bodyLimitBytes, .optional(.whole(0...SiteSettings.largestBody)),
            why: "Instead of the site's."),
        Setting(
            "upstreamPath", \.upstreamPath, .optional(.text("path", limit: 4_096)),
            why: "The path for the upstream, where it is another. Only for a path without "
                + "parameters or `/**`."),
        Setting(
            "errorShape", \.errorShape, .choice,
            why: "How a failure within an event stream is worded: as the dialect's envelope, as "
                + "an event of the Responses API, or as Anthropic's."),
        Setting(
            "scope", \.scope, .optional(.text("scope", limit: 128)),
            why: "The caller's key or token must have exactly this scope."),
        Setting(
            "roles", \.roles, .list(of: .text("role", limit: 64)),
            why: "The caller must have one of these roles. None: any will do."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if Set(methods).count != methods.count {
            reader.report("a method is listed twice", at: node.mark(of: "methods"))
        }
        if let target = upstreamPath {
            let place = node.mark(of: "upstreamPath")
            let pattern = PathPattern(target)
            if pattern == nil || pattern?.hasParameters == true || pattern?.isTree == true {
                reader.report("expected a path without parameters", at: place)
            }
            if path.hasParameters || path.isTree {
                reader.report("upstreamPath needs a path without parameters or /**", at: place)
            }
        }
        if action == .websocket || action == .openapi, methods != ["GET"] || body != .none {
            reader.report(
                "\(action) needs `methods: GET` and `body: none`", at: node.mark(of: "action"))
        }
        if action == .legacyCompletions, body != .json {
            reader.report("legacyCompletions needs `body: json`", at: node.mark(of: "action"))
        }
    }
}

extension ValueKind where Value == String {
    fileprivate static var method: ValueKind {
        scalar("method in capitals, not CONNECT or HEAD", write: { $0 }) { text in
            let isWritable = Names.isToken(text) && text == text.uppercased()
            return isWritable && text != "CONNECT" && text != "HEAD" ? text : nil
        }
    }
}
