/// A field of the gateway's own that answers carry.
enum ResponseHeader: CaseIterable {
    case requestID, traceID, upstreamRequestID, latency
    case limit, remaining, reset
    case tokenLimit, tokenRemaining, tokenReset
    case retryAfter, retryAfterMilliseconds, shouldRetry
    case entityTag, cacheControl

    /// On every answer of every kind.
    static let always: [ResponseHeader] = [.requestID, .traceID]
    /// On answers of the upstream, and of a key's request.
    static let governed: [ResponseHeader] = [
        .requestID, .traceID, .upstreamRequestID, .latency, .limit, .remaining, .reset,
        .tokenLimit, .tokenRemaining, .tokenReset,
    ]
    static let retry: [ResponseHeader] = [.retryAfter, .retryAfterMilliseconds, .shouldRetry]
    static let cached: [ResponseHeader] = [.entityTag, .cacheControl]

    /// The field's name; the latency's is the site's choice.
    var name: String {
        switch self {
        case .requestID: "x-request-id"
        case .traceID: "X-Trace-Id"
        case .upstreamRequestID: "x-upstream-request-id"
        case .latency: "latency"
        case .limit: "x-ratelimit-limit-requests"
        case .remaining: "x-ratelimit-remaining-requests"
        case .reset: "x-ratelimit-reset-requests"
        case .tokenLimit: "x-ratelimit-limit-tokens"
        case .tokenRemaining: "x-ratelimit-remaining-tokens"
        case .tokenReset: "x-ratelimit-reset-tokens"
        case .retryAfter: "Retry-After"
        case .retryAfterMilliseconds: "retry-after-ms"
        case .shouldRetry: "x-should-retry"
        case .entityTag: "ETag"
        case .cacheControl: "Cache-Control"
        }
    }

    var node: JSONNode {
        .members([
            "description": .string(meaning),
            "required": Self.always.contains(self) || Self.cached.contains(self) ? true : nil,
            "schema": schema,
        ])
    }

    private var meaning: String {
        switch self {
        case .requestID: "The request's id: the client's own if it has the form of one, else new."
        case .traceID: "The trace-id of `traceparent`, else a new one."
        case .upstreamRequestID: "The `x-request-id` of the upstream."
        case .latency: "The whole time in milliseconds."
        case .limit: "How many requests the window takes. Only where the key has a limit."
        case .remaining: "How many of them are left."
        case .reset, .tokenReset: "How long until the window begins anew."
        case .tokenLimit:
            "How many tokens the window takes. Only where the caller's tokens are limited."
        case .tokenRemaining: "How many of them are neither used nor held for requests under way."
        case .retryAfter: "After how many seconds to come back."
        case .retryAfterMilliseconds: "The same in milliseconds."
        case .shouldRetry: "Whether an SDK should try again by itself."
        case .entityTag: "Names this document; `If-None-Match` takes it."
        case .cacheControl: "May be kept, and is asked for again each time."
        }
    }

    private var schema: JSONNode {
        switch self {
        case .requestID: ["type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"]
        case .traceID: ["type": "string", "pattern": "^[0-9a-f]{32}$"]
        case .upstreamRequestID, .entityTag, .cacheControl: ["type": "string"]
        case .latency, .limit, .remaining, .tokenLimit, .tokenRemaining:
            ["type": "integer", "minimum": 0]
        case .reset, .tokenReset:
            ["type": "string", "pattern": #"^([0-9]+h)?([0-9]+m)?[0-9]+(\.[0-9]+)?m?s$"#]
        // An upstream may name a date.
        case .retryAfter: ["type": ["integer", "string"]]
        case .retryAfterMilliseconds: ["type": "integer", "minimum": 0]
        case .shouldRetry: ["enum": ["true", "false"]]
        }
    }
}

extension [ResponseHeader] {
    static var always: Self { ResponseHeader.always }
    static var governed: Self { ResponseHeader.governed }
}
