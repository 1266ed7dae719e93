extension GatewayError {
    /// The catalogue: one row for each error. Texts without a published source are this gateway's
    /// own.
    public var facts: Facts {
        switch self {
        case .missingCredential: Facts(0, 401, "missing_api_key", "Missing API key")
        case .malformedCredential(let fault):
            Facts(1, 401, "invalid_api_key", "Invalid API key", log: "malformed_api_key")
                .reason(fault.logReason)
        case .unknownCredential:
            Facts(2, 401, "invalid_api_key", "Invalid API key", log: "unknown_api_key")
        case .expiredCredential:
            Facts(3, 401, "invalid_api_key", "API key has expired", log: "expired_api_key")
        case .revokedCredential: Facts(4, 403, "api_key_revoked", "API key has been revoked")
        case .suspendedCredential: Facts(5, 403, "api_key_suspended", "API key is suspended")
        case .modelNotAllowed:
            Facts(6, 403, "model_not_allowed", "Model not allowed for this key")
        case .rateLimited(.minute, let wait):
            Facts(7, 429, "rate_limit_exceeded", "Rate limit exceeded: requests per minute")
                .reason("minute").retry(true, after: wait)
        case .rateLimited(.day, let wait):
            Facts(8, 429, "rate_limit_exceeded", "Rate limit exceeded: requests per day")
                .reason("day").retry(false, after: wait)
        case .rateLimited(.month, let wait):
            Facts(9, 429, "rate_limit_exceeded", "Monthly request limit exceeded")
                .reason("month").retry(false, after: wait)
        case .invalidJSON: Facts(10, 400, "invalid_json", "Request body is not valid JSON")
        case .bodyTooLarge(let limit):
            Facts(11, 413, "request_too_large", .bodyLimit(limit), isClosing: true)
        case .routeNotFound(let method, let path):
            Facts(12, 404, "route_not_found", .route(method: method, path: path))
        case .unsupportedStreamingCompletion:
            Facts(13, 400, "unsupported_streaming_completion", Self.streamingCompletionMessage)
        case .malformedRequest(let reason):
            Facts(14, 400, "bad_request", "Malformed request", isClosing: true).reason(reason.text)
        case .requestTimeout:
            Facts(15, 408, "request_timeout", "The request took too long", isClosing: true)
        case .targetTooLong:
            Facts(16, 414, "uri_too_long", "Request target is too long", isClosing: true)
        case .expectationFailed:
            Facts(17, 417, "expectation_failed", "Unsupported Expect header", isClosing: true)
        case .misdirected:
            Facts(18, 421, "misdirected_request", "This host is not served on this connection")
        case .fieldsTooLarge:
            Facts(19, 431, "headers_too_large", "Request headers are too large", isClosing: true)
        case .unsupportedVersion:
            Facts(
                20, 400, "bad_request", "Unsupported HTTP version", log: "unsupported_version",
                isClosing: true)
        case .overloaded(let seconds):
            Facts(21, 503, "overloaded", "The gateway is overloaded. Please retry later.")
                .retry(true, after: max(1, min(seconds, 86_400)) * 1_000)
        case .upstreamFailed(let failure):
            Facts(22, 502, "upstream_error", "Upstream request failed").reason(failure.logReason)
        case .internalError: Facts(23, 500, "internal_error", "Internal server error")
        case .unsupportedPrompt:
            Facts(
                24, 400, "bad_request", "The prompt must be a string or an array of strings",
                log: "unsupported_prompt")
        case .processExhausted(let wait):
            Facts(
                25, 429, "rate_limit_exceeded", "Monthly request limit exceeded",
                log: "process_limit_exceeded"
            ).retry(false, after: wait)
        case .upgradeRequired:
            Facts(26, 426, "upgrade_required", "This endpoint speaks WebSocket, version 13")
        }
    }

    /// How many numbers `Facts.number` takes.
    public static let count = 27

    private static var streamingCompletionMessage: StaticString {
        // One literal, because StaticString cannot be joined.
        """
        Streaming legacy completions are not supported. \
        Use /v1/chat/completions with stream=true.
        """
    }
}
