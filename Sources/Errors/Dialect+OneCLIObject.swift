import Kernel

/// OneCLI's management API since its errors are objects. The code of a row is the `type`; what is
/// wrong with a body has none and stays flat, as there.
extension GatewayError {
    var inOneCLIObject: Wording {
        switch self {
        case .missingCredential, .malformedCredential, .unknownCredential, .expiredCredential,
            .revokedCredential, .invalidToken, .expiredToken:
            Wording(401, "authentication_error", "Invalid API key or token.")
        case .suspendedCredential: Wording(403, "authentication_error", "API key is suspended.")
        case .suspendedProject: Wording(403, "authentication_error", "Project is suspended.")
        case .suspendedOrganization:
            Wording(403, "authentication_error", "Organization is suspended.")
        case .killed: Wording(403, "authentication_error", "Access is disabled.")
        case .otherTenant, .insufficientScope, .insufficientRole, .modelNotAllowed:
            Wording(403, "authentication_error", "Insufficient permissions")
        case .rateLimited, .addressRateLimited, .processExhausted:
            Wording(429, "invalid_request_error", "Too many requests.")
        case .quotaExceeded: Wording(429, "invalid_request_error", "Quota exceeded.")
        case .invalidJSON, .unsupportedStreamingCompletion, .unsupportedPrompt:
            Wording(400, "", "Invalid request body")
        case .bodyTooLarge: Wording(413, "invalid_request_error", "Request body too large")
        case .routeNotFound(let method, let path):
            Wording(404, "invalid_request_error", .unrecognizedURL(method: method, path: path))
        case .unknownProject: Wording(404, "not_found_error", "Project not found")
        case .malformedRequest: Wording(400, "invalid_request_error", "Malformed request.")
        case .unsupportedVersion:
            Wording(400, "invalid_request_error", "Unsupported HTTP version.")
        case .requestTimeout: Wording(408, "invalid_request_error", "Request timeout.")
        case .targetTooLong: Wording(414, "invalid_request_error", "Request target too long.")
        case .expectationFailed:
            Wording(417, "invalid_request_error", "Unsupported Expect header.")
        case .misdirected: Wording(421, "invalid_request_error", "Misdirected request.")
        case .upgradeRequired: Wording(426, "invalid_request_error", "WebSocket required.")
        case .fieldsTooLarge: Wording(431, "invalid_request_error", "Request headers too large.")
        case .overloaded, .authorityUnavailable:
            Wording(503, "api_error", "Service unavailable.")
        case .upstreamFailed(.timedOut): Wording(504, "api_error", "Gateway timeout.")
        case .upstreamFailed: Wording(502, "api_error", "Bad gateway.")
        case .internalError: Wording(500, "api_error", "An unexpected error occurred.")
        }
    }
}

extension Wording {
    /// `{"error":{"message","type"}}`, or `{"error":sentence}` where there is no type.
    func writeOneCLIObject(into output: inout ByteBuffer) {
        guard code.utf8CodeUnitCount > 0 else {
            writeOneCLI(into: &output)
            return
        }
        output.append("{\"error\":{\"message\":\"")
        message.write(into: &output)
        output.append("\",\"type\":\"")
        output.append(code)
        output.append("\"}}")
    }
}
