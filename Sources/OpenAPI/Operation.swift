import Configuration
import Errors
import HTTP

/// What one method of one path does.
struct Operation {
    let method: Method
    let template: PathTemplate
    let route: RouteSettings
    /// In force for this route.
    let bodyLimit: Int
    let dialect: Dialect
    let callers: Callers

    /// The gateway answers by itself, without a key.
    var isOwn: Bool { route.action == .health || route.action == .openapi }

    /// What is sent with it goes on to the upstream, or is read first.
    var takesBody: Bool {
        switch (route.body, method) {
        case (.none, _): false
        case (.json, _): true
        case (.stream, .post), (.stream, .put), (.stream, .patch): true
        case (.stream, _): false
        }
    }

    /// Whether the answer may be an event stream. That is the upstream's choice, and clients ask
    /// for it where they send something or name what was made.
    var mayStream: Bool {
        route.action == .forward && (takesBody || route.path.isTree)
    }

    /// Whether a list of models can refuse it: where the gateway reads the model, or knows that
    /// it cannot (docs/decisions/0008).
    private var readsModel: Bool {
        switch route.body {
        case .json: true
        case .stream: method == .post && !route.path.isTree
        case .none: route.action == .websocket
        }
    }

    /// Whether the gateway may answer it with `error`.
    func mayFail(with error: GatewayError) -> Bool {
        switch error {
        case .malformedRequest, .requestTimeout, .targetTooLong, .expectationFailed,
            .fieldsTooLarge, .unsupportedVersion, .internalError:
            true
        // Another host's document says what is there.
        case .misdirected: false
        // A segment that could be read as another path is no parameter.
        case .routeNotFound: !template.parameters.isEmpty
        case .rateLimited(.hour, _, _): false
        case .addressRateLimited: callers.areCounted
        case .unknownProject: callers.areTenants
        case .suspendedProject, .suspendedOrganization, .otherTenant, .killed:
            !isOwn && callers.areTenants
        case .insufficientScope: !isOwn && route.scope != nil
        case .insufficientRole: !isOwn && !route.roles.isEmpty
        case .invalidToken, .expiredToken, .authorityUnavailable: !isOwn && callers.showTokens
        case .unknownCredential, .expiredCredential, .revokedCredential, .suspendedCredential:
            !isOwn && callers.showKeys
        case .quotaExceeded: !isOwn && callers.haveQuotas
        case .missingCredential, .malformedCredential, .rateLimited, .processExhausted,
            .bodyTooLarge, .overloaded, .upstreamFailed:
            !isOwn
        case .modelNotAllowed: !isOwn && readsModel
        case .invalidJSON: !isOwn && route.body == .json
        case .unsupportedStreamingCompletion, .unsupportedPrompt:
            route.action == .legacyCompletions
        case .upgradeRequired: route.action == .websocket
        }
    }

    var node: JSONNode {
        .members([
            "summary": .string(summary),
            "security": isOwn ? [] : nil,
            "parameters": parameters.isEmpty ? nil : .array(parameters),
            "requestBody": takesBody ? .reference("requestBodies", bodyName) : nil,
            "responses": .object(
                responses.map { (name: $0.status, value: .reference("responses", $0.name)) }),
        ])
    }

    private var summary: String {
        switch route.action {
        case .forward: "Forwarded to the upstream."
        case .health: "Tells that the gateway serves."
        case .openapi: "This document."
        case .legacyCompletions: "Answered through chat completions, never as a stream."
        case .websocket: "Opens a WebSocket to the upstream."
        }
    }

    private var parameters: [JSONNode] {
        switch route.action {
        case .openapi: [.reference("parameters", "IfNoneMatch")]
        case .websocket: [.reference("parameters", "Model")]
        default: []
        }
    }

    /// The component that tells what it takes.
    private var bodyName: String {
        route.body == .json ? "json" : route.path.isTree ? "any" : "upload"
    }
}
