/// The routes a site has unless it lists its own.
public enum RoutePreset: String, Sendable, CaseIterable {
    /// Every endpoint the OpenAI SDKs call, and Anthropic's messages.
    case openai
    /// The endpoints of BVE's pages.
    case bve
    /// OpenAI's, and what Behest tells of usage.
    case behest
    /// Behest's management APIs.
    case behestAdmin
    /// OneCLI's management API.
    case onecli
    /// Whatever is asked of OneCLI's proxy.
    case onecliGateway
    /// What DevSphere's public API can read.
    case devsphere

    public var routes: [RouteSettings] {
        switch self {
        case .openai: Self.openaiRoutes
        case .bve: Self.bveRoutes
        case .behest: Self.openaiRoutes + [Self.get("/v1/usage"), Self.get("/v1/billing/usage")]
        case .behestAdmin:
            [Self.health("/health"), Self.whole("/auth/v1/**"), Self.whole("/v1/projects/**")]
        case .onecli: [Self.health("/v1/health"), Self.whole("/v1/**")]
        case .onecliGateway: [Self.health("/healthz"), Self.whole("/**")]
        case .devsphere:
            [Self.health("/health"), Self.get("/api/v1/leads"), Self.get("/api/v1/invoices")]
        }
    }

    /// The routes that are usual in a dialect.
    init(of dialect: SiteSettings.Dialect) {
        switch dialect {
        case .openai: self = .openai
        case .bve: self = .bve
        case .behest: self = .behest
        case .behestAdmin: self = .behestAdmin
        case .onecli, .onecliObject: self = .onecli
        case .onecliGateway: self = .onecliGateway
        case .devsphere: self = .devsphere
        }
    }

    private static let openaiRoutes: [RouteSettings] =
        common + [
            json("/v1/completions"),
            json("/v1/moderations"),
            upload("/v1/audio/translations"),
            upload("/v1/images/variations"),
            json("/v1/messages/count_tokens", errors: .anthropic),
            tree("/v1/chat/completions/**"),
            tree("/v1/responses/**", errors: .responses),
            tree("/v1/uploads/**"),
            tree("/v1/batches/**"),
            tree("/v1/fine_tuning/**"),
            RouteSettings(["GET"], path("/v1/realtime"), body: .none, action: .websocket),
        ]

    private static let bveRoutes: [RouteSettings] =
        common + [
            RouteSettings(
                ["POST"], path("/v1/completions"), body: .json, action: .legacyCompletions)
        ]

    private static let common: [RouteSettings] = [
        health("/health"),
        RouteSettings(["GET"], path("/openapi.json"), body: .none, action: .openapi),
        get("/v1/models"),
        get("/v1/models/{model}"),
        json("/v1/chat/completions"),
        json("/v1/embeddings"),
        json("/v1/responses", errors: .responses),
        json("/v1/messages", errors: .anthropic),
        json("/v1/audio/speech"),
        upload("/v1/audio/transcriptions"),
        json("/v1/images/generations"),
        upload("/v1/images/edits"),
        tree("/v1/files/**"),
        tree("/v1/assistants/**"),
        tree("/v1/threads/**"),
        tree("/v1/vector_stores/**"),
    ]

    private static func health(_ text: StaticString) -> RouteSettings {
        RouteSettings(["GET"], path(text), body: .none, action: .health)
    }

    private static func get(_ text: StaticString) -> RouteSettings {
        RouteSettings(["GET"], path(text), body: .none)
    }

    /// A tree whose meaning is the upstream's alone.
    private static func whole(_ text: StaticString) -> RouteSettings {
        RouteSettings(["GET", "POST", "PUT", "PATCH", "DELETE"], path(text), body: .stream)
    }

    private static func json(
        _ text: StaticString, errors: RouteSettings.ErrorShape = .envelope
    ) -> RouteSettings {
        RouteSettings(["POST"], path(text), body: .json, errorShape: errors)
    }

    private static func upload(_ text: StaticString) -> RouteSettings {
        RouteSettings(["POST"], path(text), body: .stream)
    }

    private static func tree(
        _ text: StaticString, errors: RouteSettings.ErrorShape = .envelope
    ) -> RouteSettings {
        RouteSettings(["GET", "POST", "DELETE"], path(text), body: .stream, errorShape: errors)
    }

    /// The patterns above are part of the program: a bad one is a mistake in it.
    private static func path(_ text: StaticString) -> PathPattern {
        guard let path = PathPattern(text.description) else { fatalError("bad preset: \(text)") }
        return path
    }
}
