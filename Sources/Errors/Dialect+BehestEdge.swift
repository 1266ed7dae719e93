import Kernel

/// Behest's edge, as Kong words it: the status in words, and a sentence. Published are the shape
/// and the text of the rate limit; the rest is worded as Kong would.
extension GatewayError {
    var inBehestEdge: Wording {
        switch self {
        case .missingCredential: Wording(401, "unauthorized", "Missing Authorization header")
        case .malformedCredential, .unknownCredential, .revokedCredential, .invalidToken:
            Wording(401, "unauthorized", "Invalid token")
        case .expiredCredential, .expiredToken: Wording(401, "unauthorized", "Token expired")
        case .suspendedCredential: Wording(403, "forbidden", "API key is suspended")
        case .suspendedProject: Wording(403, "forbidden", "Project is suspended")
        case .suspendedOrganization: Wording(403, "forbidden", "Tenant is suspended")
        case .killed: Wording(403, "forbidden", "Kill switch active")
        case .otherTenant: Wording(403, "forbidden", "Tenant mismatch")
        case .insufficientScope, .insufficientRole: Wording(403, "forbidden", "Forbidden")
        case .modelNotAllowed: Wording(403, "forbidden", "Model not allowed")
        case .rateLimited, .addressRateLimited, .processExhausted:
            Wording(429, "rate limit exceeded", "API rate limit exceeded")
        case .quotaExceeded(let quota):
            Wording(429, "rate limit exceeded", .exhaustedBudget(quota))
        case .invalidJSON: Wording(400, "bad request", "Invalid JSON body")
        case .unsupportedStreamingCompletion:
            Wording(400, "bad request", "Streaming is not supported for completions")
        case .unsupportedPrompt:
            Wording(400, "bad request", "The prompt must be a string or an array of strings")
        case .bodyTooLarge(let limit): Wording(413, "payload too large", .bodyLimit(limit))
        case .routeNotFound, .unknownProject:
            Wording(404, "not found", "no Route matched with those values")
        case .malformedRequest: Wording(400, "bad request", "Malformed request")
        case .unsupportedVersion: Wording(400, "bad request", "Unsupported HTTP version")
        case .requestTimeout: Wording(408, "request timeout", "The request took too long")
        case .targetTooLong: Wording(414, "uri too long", "Request target is too long")
        case .expectationFailed:
            Wording(417, "expectation failed", "Unsupported Expect header")
        case .misdirected:
            Wording(421, "misdirected request", "This host is not served on this connection")
        case .upgradeRequired:
            Wording(426, "upgrade required", "This endpoint speaks WebSocket, version 13")
        case .fieldsTooLarge:
            Wording(431, "request headers too large", "Request headers are too large")
        case .overloaded:
            Wording(503, "service unavailable", "The service is overloaded. Please retry later.")
        case .authorityUnavailable:
            Wording(503, "service unavailable", "Tokens cannot be verified at the moment")
        case .upstreamFailed(.timedOut):
            Wording(504, "gateway timeout", "The upstream server is timing out")
        case .upstreamFailed:
            Wording(
                502, "bad gateway", "An invalid response was received from the upstream server")
        case .internalError: Wording(500, "internal error", "An unexpected error occurred")
        }
    }
}

extension Wording {
    /// `{"error":status in words,"message":sentence}`.
    func writeBehestEdge(into output: inout ByteBuffer) {
        output.append("{\"error\":\"")
        output.append(code)
        output.append("\",\"message\":\"")
        message.write(into: &output)
        output.append("\"}")
    }
}
