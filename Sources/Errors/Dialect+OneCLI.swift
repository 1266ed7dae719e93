import Kernel

/// OneCLI's management API. Its page publishes the flat shape; the texts of 401, 403 and 500 are
/// its program's, the others follow their style.
extension GatewayError {
    var inOneCLI: Wording {
        switch self {
        case .missingCredential, .malformedCredential, .unknownCredential, .expiredCredential,
            .revokedCredential, .invalidToken, .expiredToken:
            Wording(401, "", "Unauthorized")
        case .suspendedCredential: Wording(403, "", "API key is suspended")
        case .suspendedProject: Wording(403, "", "Project is suspended")
        case .suspendedOrganization: Wording(403, "", "Organization is suspended")
        case .killed: Wording(403, "", "Access is disabled")
        case .otherTenant, .insufficientScope, .insufficientRole, .modelNotAllowed:
            Wording(403, "", "Insufficient permissions")
        case .rateLimited, .addressRateLimited, .processExhausted:
            Wording(429, "", "Too many requests")
        case .quotaExceeded: Wording(429, "", "Quota exceeded")
        case .invalidJSON, .unsupportedStreamingCompletion, .unsupportedPrompt:
            Wording(400, "", "Invalid request body")
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
        case .overloaded, .authorityUnavailable: Wording(503, "", "Service unavailable")
        case .upstreamFailed(.timedOut): Wording(504, "", "Gateway timeout")
        case .upstreamFailed: Wording(502, "", "Bad gateway")
        case .internalError: Wording(500, "", "Internal server error")
        }
    }
}

extension Wording {
    /// `{"error":sentence}`.
    func writeOneCLI(into output: inout ByteBuffer) {
        output.append("{\"error\":\"")
        message.write(into: &output)
        output.append("\"}")
    }
}
