import Configuration
import Errors
import Kernel

/// What operations refer to: written once, and only if an operation does.
extension SiteDescription {
    var components: JSONNode {
        [
            "securitySchemes": securitySchemes,
            "schemas": schemas, "headers": headers, "parameters": parameters,
            "requestBodies": requestBodies, "responses": responses,
        ]
    }

    /// One of the schemes is enough, and more than one is refused.
    var security: JSONNode {
        let others = callers.credentialFields.map { JSONNode.object([(name: $0, value: [])]) }
        return .array([["BearerAuth": []]] + others)
    }

    private var securitySchemes: JSONNode {
        let bearer: JSONNode = [
            "type": "http", "scheme": "bearer",
            "description": """
            An API key or a token of this site, as `Authorization: Bearer CREDENTIAL`. \
            Every operation needs it that does not say otherwise.
            """,
        ]
        let fields = callers.credentialFields.map { name in
            let scheme: JSONNode = [
                "type": "apiKey", "in": "header", "name": .string(name),
                "description": "The same, bare, and in place of `Authorization`.",
            ]
            return (name: name, value: scheme)
        }
        return .object([(name: "BearerAuth", value: bearer)] + fields)
    }

    private var schemas: JSONNode {
        ["ErrorEnvelope": dialect.envelopeSchema]
    }

    private var headers: JSONNode {
        .object(
            ResponseHeader.allCases.filter(isSent).map {
                (name: component(of: $0), value: $0.node)
            })
    }

    private func component(of header: ResponseHeader) -> String {
        header == .latency ? "latency" : header.name.lowercased()
    }

    private var parameters: JSONNode {
        [
            "IfNoneMatch": [
                "name": "If-None-Match", "in": "header", "schema": ["type": "string"],
                "description": "An `ETag` of before: the answer is 304 while it is still true.",
            ],
            "Model": [
                "name": "model", "in": "query", "schema": ["type": "string"],
                "description": "The model. A key with a list of models needs it, once.",
            ],
        ]
    }

    private var requestBodies: JSONNode {
        [
            "json": [
                "description": "One JSON object, passed on byte for byte.", "required": true,
                "content": ["application/json": ["schema": ["type": "object"]]],
            ],
            "upload": [
                "description": "Passed on as it comes, whatever its type.",
                "content": ["multipart/form-data": [:], "*/*": [:]],
            ],
            "any": [
                "description": "Passed on as it comes, whatever its type.",
                "content": ["application/json": [:], "multipart/form-data": [:], "*/*": [:]],
            ],
        ]
    }

    private var responses: JSONNode {
        var known: Set<String> = []
        let all = operations.flatMap(\.operations).flatMap(\.responses)
        return .object(
            all.filter { known.insert($0.name).inserted }.map { ($0.name, node(of: $0)) })
    }

    private func node(of response: Response) -> JSONNode {
        switch response {
        case .forwarded(let shape):
            answer("What the upstream answers.", .governed, forwardedContent(shape))
        case .redirected: answer("The upstream points elsewhere.", .governed, ["*/*": [:]])
        case .refusedUpstream:
            answer(
                "What the upstream refuses, in its words.", .governed + ResponseHeader.retry,
                ["*/*": [:]])
        case .refused(let refusal): node(of: refusal)
        case .bodiless(let status):
            answer("As GET answers, without a body.", status == "200" ? .always : .governed, nil)
        case .healthy:
            answer("The gateway serves.", .always, json(["const": ["status": "ok"]]))
        case .document:
            answer("This document.", .always + ResponseHeader.cached, json(["type": "object"]))
        case .notModified:
            answer("The document is still the same.", .always + ResponseHeader.cached, nil)
        case .opened(let status):
            answer("The WebSocket is open (HTTP/\(status == "101" ? "1.1" : "2")).", .governed, nil)
        case .translated:
            answer(
                "The upstream's chat completion as a legacy one.", .governed,
                json(["type": "object"]))
        }
    }

    func answer(
        _ text: String, _ headers: [ResponseHeader], _ content: JSONNode?
    ) -> JSONNode {
        let sent = headers.filter(isSent)
        return .members([
            "description": .string(text),
            "headers": .object(
                sent.map { (fieldName(of: $0), .reference("headers", component(of: $0))) }),
            "content": content,
        ])
    }

    private func fieldName(of header: ResponseHeader) -> String {
        header == .latency ? site.latencyHeader ?? "" : header.name
    }

    /// Whether the site sends the field at all.
    private func isSent(_ header: ResponseHeader) -> Bool {
        switch header {
        case .latency: site.latencyHeader != nil
        case .upstreamRequestID: site.responseHeaders == .passAll
        case .tokenLimit, .tokenRemaining, .tokenReset: callers.haveBudgets
        default: true
        }
    }

    private func json(_ schema: JSONNode) -> JSONNode { ["application/json": ["schema": schema]] }

    private func forwardedContent(_ shape: RouteSettings.ErrorShape?) -> JSONNode {
        var members: [(name: String, value: JSONNode)] = [("application/json", [:])]
        if let shape { members.append(("text/event-stream", stream(failingIn: shape))) }
        members.append(("*/*", [:]))
        return .object(members)
    }

    /// A stream can fail behind its 200; the example is what a client reads then.
    private func stream(failingIn shape: RouteSettings.ErrorShape) -> JSONNode {
        var event = ByteBuffer()
        dialect.writeEvent(
            .upstreamFailed(.reset), shape.streamShape, isInsideEvent: false, into: &event)
        return [
            "schema": ["type": "string"],
            "examples": [
                "failure": [
                    "summary": "How a stream ends that fails in the middle.",
                    "value": .string(event.text),
                ]
            ],
        ]
    }
}

extension RouteSettings.ErrorShape {
    fileprivate var streamShape: StreamShape {
        switch self {
        case .envelope: .envelope
        case .responses: .responses
        case .anthropic: .anthropic
        }
    }
}
