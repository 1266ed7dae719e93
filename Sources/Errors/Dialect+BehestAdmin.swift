import Kernel

/// Behest's management APIs. Its pages publish the texts of 401, of 429 and of the failure behind
/// the gateway; the others follow their style.
extension GatewayError {
    var inBehestAdmin: Wording {
        switch self {
        case .missingCredential: Wording(401, "", "Bearer token required")
        case .malformedCredential(let fault) where fault.isWithoutBearer:
            Wording(401, "", "Bearer token required")
        case .malformedCredential: Wording(401, "", "Invalid API key format")
        case .unknownCredential: Wording(401, "", "Invalid API key")
        case .expiredCredential, .expiredToken: Wording(401, "", "Token expired")
        case .revokedCredential: Wording(401, "", "API key revoked")
        case .suspendedCredential: Wording(401, "", "API key is suspended")
        case .suspendedProject: Wording(401, "", "Project is suspended")
        case .suspendedOrganization: Wording(401, "", "Tenant is suspended")
        case .invalidToken: Wording(401, "", "Invalid token")
        case .otherTenant, .insufficientScope, .insufficientRole, .modelNotAllowed:
            Wording(403, "", "Forbidden")
        case .killed: Wording(403, "", "Kill switch active")
        case .rateLimited(.minute, _, _):
            Wording(
                429, "RATE_LIMITED", "Too many validation requests. Try again in a minute.")
        case .rateLimited(.hour, _, _):
            Wording(429, "", "Playground rate limit exceeded (50/hour)")
        case .rateLimited(.day, _, _), .rateLimited(.month, _, _), .addressRateLimited,
            .processExhausted:
            Wording(429, "RATE_LIMITED", "Too many requests")
        case .quotaExceeded(let quota): Wording(429, "QUOTA_EXCEEDED", .exhaustedBudget(quota))
        case .invalidJSON: Wording(400, "", "Invalid JSON body")
        case .unsupportedStreamingCompletion:
            Wording(400, "", "stream is not supported for completions")
        case .unsupportedPrompt: Wording(400, "", "prompt must be a string or an array of strings")
        case .bodyTooLarge: Wording(413, "", "Request body too large")
        case .routeNotFound: Wording(404, "", "Not found")
        case .unknownProject: Wording(404, "", "Project not found")
        case .malformedRequest: Wording(400, "", "Malformed request")
        case .unsupportedVersion: Wording(400, "", "Unsupported HTTP version")
        case .requestTimeout: Wording(408, "", "Request timeout")
        case .targetTooLong: Wording(414, "", "Request target too long")
        case .expectationFailed: Wording(417, "", "Unsupported Expect header")
        case .misdirected: Wording(421, "", "Misdirected request")
        case .upgradeRequired: Wording(426, "", "WebSocket required")
        case .fieldsTooLarge: Wording(431, "", "Request headers too large")
        case .overloaded, .authorityUnavailable:
            Wording(503, "UNAVAILABLE", "Service temporarily unavailable", .retryable)
        case .upstreamFailed:
            Wording(
                502, "REDIS_SYNC_FAILED",
                "Settings saved but failed to sync to gateway. Please retry deploy.", .retryable)
        case .internalError: Wording(500, "", "Internal server error")
        }
    }
}

extension Wording {
    /// `{"error":sentence}`, with `code` and `retryable` where they help programs.
    func writeBehestAdmin(into output: inout ByteBuffer) {
        output.append("{\"error\":\"")
        message.write(into: &output)
        if code.utf8CodeUnitCount > 0 {
            output.append("\",\"code\":\"")
            output.append(code)
        }
        output.append("\"")
        if case .retryable = detail { output.append(",\"retryable\":true") }
        output.append("}")
    }
}
