/// The routes a site has unless it lists its own.
public enum RoutePreset: String, Sendable, CaseIterable {
    /// Every endpoint the OpenAI SDKs call, and Anthropic's messages.
    case openai
    /// The endpoints of BVE's pages.
    case bve

    public var routes: [RouteSettings] {
        switch self {
        case .openai: Self.openaiRoutes
        case .bve: Self.bveRoutes
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
        RouteSettings(["GET"], path("/health"), body: .none, action: .health),
        RouteSettings(["GET"], path("/openapi.json"), body: .none, action: .openapi),
        RouteSettings(["GET"], path("/v1/models"), body: .none),
        RouteSettings(["GET"], path("/v1/models/{model}"), body: .none),
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
