import Kernel

/// Behest's data plane, whose codes its SDKs turn into exceptions. Published are the codes, one
/// whole quota error, and that a 404 has no code.
extension GatewayError {
    var inBehestData: Wording {
        switch self {
        case .missingCredential: Wording(401, "invalid_token", "Missing Authorization header")
        case .malformedCredential, .unknownCredential, .revokedCredential, .invalidToken:
            Wording(401, "invalid_token", "Invalid token")
        case .expiredCredential, .expiredToken: Wording(401, "invalid_token", "Token expired")
        case .suspendedCredential: Wording(403, "forbidden", "API key is suspended")
        case .suspendedProject: Wording(403, "forbidden", "Project is suspended")
        case .suspendedOrganization: Wording(403, "forbidden", "Tenant is suspended")
        case .killed: Wording(403, "forbidden", "Kill switch active")
        case .otherTenant: Wording(403, "forbidden", "Tenant mismatch")
        case .insufficientScope(let need):
            Wording(403, "forbidden", .naming("Missing scope: ", need))
        case .insufficientRole: Wording(403, "forbidden", "Forbidden")
        case .modelNotAllowed: Wording(403, "forbidden", "Model not allowed")
        case .rateLimited(.minute, _, _), .addressRateLimited:
            Wording(429, "rate_limited", "Rate limit exceeded: requests per minute")
        case .rateLimited(.hour, _, _):
            Wording(429, "rate_limited", "Rate limit exceeded: requests per hour")
        case .rateLimited(.day, _, _):
            Wording(429, "rate_limited", "Rate limit exceeded: requests per day")
        case .rateLimited(.month, _, _), .processExhausted:
            Wording(429, "rate_limited", "Rate limit exceeded: requests per month")
        case .quotaExceeded(let quota):
            Wording(402, "quota_exceeded", .exceededQuota(quota), .quota(quota))
        case .invalidJSON: Wording(400, "validation_error", "Invalid JSON body")
        case .unsupportedStreamingCompletion:
            Wording(400, "validation_error", "Streaming is not supported for completions")
        case .unsupportedPrompt:
            Wording(400, "validation_error", "The prompt must be a string or an array of strings")
        case .bodyTooLarge(let limit): Wording(413, "validation_error", .bodyLimit(limit))
        case .routeNotFound, .unknownProject: Wording(404, "", "Not found")
        case .malformedRequest: Wording(400, "validation_error", "Malformed request")
        case .unsupportedVersion: Wording(400, "validation_error", "Unsupported HTTP version")
        case .requestTimeout: Wording(408, "validation_error", "The request took too long")
        case .targetTooLong: Wording(414, "validation_error", "Request target is too long")
        case .expectationFailed: Wording(417, "validation_error", "Unsupported Expect header")
        case .misdirected:
            Wording(421, "validation_error", "This host is not served on this connection")
        case .upgradeRequired:
            Wording(426, "validation_error", "This endpoint speaks WebSocket, version 13")
        case .fieldsTooLarge: Wording(431, "validation_error", "Request headers are too large")
        case .overloaded:
            Wording(503, "server_error", "The gateway is overloaded. Please retry later.")
        case .authorityUnavailable:
            Wording(503, "server_error", "Tokens cannot be verified at the moment")
        case .upstreamFailed(.timedOut): Wording(504, "server_error", "Upstream timed out")
        case .upstreamFailed: Wording(502, "server_error", "Upstream unavailable")
        case .internalError: Wording(500, "server_error", "Internal server error")
        }
    }
}

extension Wording {
    /// `{"error":{"code","message","details"}}`, without what there is none of.
    func writeBehestData(into output: inout ByteBuffer) {
        output.append("{\"error\":{\"")
        if code.utf8CodeUnitCount > 0 {
            output.append("code\":\"")
            output.append(code)
            output.append("\",\"")
        }
        output.append("message\":\"")
        message.write(into: &output)
        output.append("\"")
        if case .quota(let quota) = detail { Self.write(details: quota, into: &output) }
        output.append("}}")
    }

    private static func write(details quota: QuotaFacts, into output: inout ByteBuffer) {
        output.append(",\"details\":{")
        if let tier = quota.tier {
            output.append("\"tier\":\"")
            output.append(name: tier)
            output.append("\",")
        }
        output.append("\"limit\":{\"")
        output.append(quota.limitName)
        output.append("\":")
        output.append(decimal: quota.limit)
        output.append("},\"usage\":{\"")
        output.append(quota.usageName)
        output.append("\":")
        output.append(decimal: quota.used)
        output.append("}}")
    }
}
