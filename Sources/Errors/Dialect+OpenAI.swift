import Kernel

/// OpenAI's envelope, which its SDKs read. Codes and messages are the BVE page's; what it does not
/// name has this gateway's own.
extension GatewayError {
    var inOpenAI: Wording {
        switch self {
        case .missingCredential: Wording(401, "missing_api_key", "Missing API key")
        case .malformedCredential, .unknownCredential:
            Wording(401, "invalid_api_key", "Invalid API key")
        case .expiredCredential: Wording(401, "invalid_api_key", "API key has expired")
        case .revokedCredential: Wording(403, "api_key_revoked", "API key has been revoked")
        case .suspendedCredential: Wording(403, "api_key_suspended", "API key is suspended")
        case .invalidToken: Wording(401, "invalid_token", "Invalid token")
        case .expiredToken: Wording(401, "invalid_token", "Token has expired")
        case .authorityUnavailable:
            Wording(
                503, "authority_unavailable",
                "Tokens cannot be verified at the moment. Please retry later.")
        case .suspendedProject: Wording(403, "project_suspended", "Project is suspended")
        case .suspendedOrganization:
            Wording(403, "organization_suspended", "Organization is suspended")
        case .unknownProject: Wording(404, "project_not_found", "Project not found")
        case .otherTenant:
            Wording(403, "forbidden", "The credential belongs to another project")
        case .killed: Wording(403, "kill_switch_active", "Kill switch active")
        case .insufficientScope(let need):
            Wording(403, "insufficient_scope", .naming("Missing scope: ", need))
        case .insufficientRole: Wording(403, "insufficient_role", "Insufficient permissions")
        case .modelNotAllowed:
            Wording(403, "model_not_allowed", "Model not allowed for this key")
        case .rateLimited(.minute, _, _), .addressRateLimited:
            Wording(429, "rate_limit_exceeded", "Rate limit exceeded: requests per minute")
        case .rateLimited(.hour, _, _):
            Wording(429, "rate_limit_exceeded", "Rate limit exceeded: requests per hour")
        case .rateLimited(.day, _, _):
            Wording(429, "rate_limit_exceeded", "Rate limit exceeded: requests per day")
        case .rateLimited(.month, _, _), .processExhausted:
            Wording(429, "rate_limit_exceeded", "Monthly request limit exceeded")
        case .quotaExceeded(let quota):
            Wording(
                429, "insufficient_quota",
                "You exceeded your current quota, please check your plan and billing details.",
                .quota(quota))
        case .invalidJSON: Wording(400, "invalid_json", "Request body is not valid JSON")
        case .bodyTooLarge(let limit): Wording(413, "request_too_large", .bodyLimit(limit))
        case .routeNotFound(let method, let path):
            Wording(404, "route_not_found", .unknownRoute(method: method, path: path))
        case .unsupportedStreamingCompletion:
            Wording(
                400, "unsupported_streaming_completion",
                """
                Streaming legacy completions are not supported. \
                Use /v1/chat/completions with stream=true.
                """)
        case .unsupportedPrompt:
            Wording(400, "bad_request", "The prompt must be a string or an array of strings")
        case .malformedRequest: Wording(400, "bad_request", "Malformed request")
        case .requestTimeout: Wording(408, "request_timeout", "The request took too long")
        case .targetTooLong: Wording(414, "uri_too_long", "Request target is too long")
        case .expectationFailed: Wording(417, "expectation_failed", "Unsupported Expect header")
        case .misdirected:
            Wording(421, "misdirected_request", "This host is not served on this connection")
        case .fieldsTooLarge: Wording(431, "headers_too_large", "Request headers are too large")
        case .unsupportedVersion: Wording(400, "bad_request", "Unsupported HTTP version")
        case .upgradeRequired:
            Wording(426, "upgrade_required", "This endpoint speaks WebSocket, version 13")
        case .overloaded:
            Wording(503, "overloaded", "The gateway is overloaded. Please retry later.")
        case .upstreamFailed: Wording(502, "upstream_error", "Upstream request failed")
        case .internalError: Wording(500, "internal_error", "Internal server error")
        }
    }
}

extension Wording {
    /// `{"error":{"message","type","param","code"}}`.
    func writeOpenAI(errorParam: Bool, into output: inout ByteBuffer) {
        output.append("{\"error\":{\"message\":\"")
        message.write(into: &output)
        output.append("\",\"type\":\"")
        output.append(openAIType)
        output.append(errorParam ? "\",\"param\":null,\"code\":\"" : "\",\"code\":\"")
        output.append(code)
        output.append("\"}}")
    }

    private var openAIType: StaticString {
        // A quota's type is its code.
        if case .quota = detail { return code }
        if status == 429 { return "rate_limit_error" }
        return status < 500 ? "invalid_request_error" : "server_error"
    }
}
