import Kernel

/// OneCLI's forward proxy. Who is unknown to it is answered 407, and a request that is none for a
/// proxy 400, both without a body. It tells programs not to repeat what a rule forbids.
extension GatewayError {
    var inOneCLIGateway: Wording {
        switch self {
        case .missingCredential, .malformedCredential, .unknownCredential, .expiredCredential,
            .revokedCredential, .invalidToken, .expiredToken:
            Wording(407, "", "Proxy authentication required", field: .proxyChallenge)
        case .suspendedCredential: .forbidden("The agent's token is suspended.")
        case .suspendedProject: .forbidden("The project is suspended.")
        case .suspendedOrganization: .forbidden("The organization is suspended.")
        case .killed: .forbidden("Access is disabled.")
        case .otherTenant: .forbidden("The agent belongs to another project.")
        case .insufficientScope, .insufficientRole, .modelNotAllowed:
            .forbidden("Blocked by an OneCLI policy.")
        case .rateLimited(let window, let limit, _):
            Wording(
                429, "rate_limited", Self.ruleLimit, .window(window, limit: limit))
        case .addressRateLimited:
            Wording(429, "rate_limited", Self.ruleLimit, .window(.minute, limit: nil))
        case .processExhausted:
            Wording(429, "rate_limited", Self.ruleLimit, .window(.month, limit: nil))
        case .quotaExceeded(let quota) where quota.window == .month:
            Wording(429, "quota_exceeded", .planLimit(quota.limit), .limit(quota.limit))
        case .quotaExceeded(let quota):
            Wording(429, "rate_limited", Self.ruleLimit, .window(.day, limit: quota.limit))
        case .invalidJSON: Wording(400, "bad_request", "Request body is not valid JSON.")
        case .unsupportedStreamingCompletion:
            Wording(400, "bad_request", "Streaming is not supported for completions.")
        case .unsupportedPrompt:
            Wording(400, "bad_request", "The prompt must be a string or an array of strings.")
        case .bodyTooLarge(let limit): Wording(413, "request_too_large", .bodyLimit(limit))
        case .routeNotFound: Wording(400, "", "Not a request for a proxy")
        case .unknownProject:
            Wording(404, "not_found", "The project does not exist.", field: .doNotRetry)
        case .malformedRequest: Wording(400, "bad_request", "Malformed request.")
        case .unsupportedVersion: Wording(400, "bad_request", "Unsupported HTTP version.")
        case .requestTimeout: Wording(408, "request_timeout", "The request took too long.")
        case .targetTooLong: Wording(414, "uri_too_long", "The request target is too long.")
        case .expectationFailed:
            Wording(417, "expectation_failed", "Unsupported Expect header.")
        case .misdirected:
            Wording(421, "misdirected_request", "This host is not served on this connection.")
        case .upgradeRequired:
            Wording(426, "upgrade_required", "This endpoint speaks WebSocket, version 13.")
        case .fieldsTooLarge:
            Wording(431, "headers_too_large", "The request headers are too large.")
        case .overloaded: Wording(503, "overloaded", "OneCLI gateway is overloaded.")
        case .authorityUnavailable:
            Wording(503, "authority_unavailable", "OneCLI gateway cannot verify tokens.")
        case .upstreamFailed:
            Wording(
                502, "resolution_failed",
                "OneCLI gateway failed to resolve rules for this request.")
        case .internalError: Wording(502, "bad_gateway", "OneCLI gateway internal error.")
        }
    }

    private static let ruleLimit: StaticString =
        "This request was rate-limited by an OneCLI policy rule."
}

extension Wording {
    fileprivate static func forbidden(_ text: StaticString) -> Wording {
        Wording(403, "blocked_by_policy", text, field: .doNotRetry)
    }

    /// `{"error":code,"message":sentence,…}`; what has no code has no body.
    func writeOneCLIGateway(into output: inout ByteBuffer) {
        guard code.utf8CodeUnitCount > 0 else { return }
        output.append("{\"error\":\"")
        output.append(code)
        output.append("\",\"message\":\"")
        message.write(into: &output)
        output.append("\"")
        switch detail {
        case .window(let window, let limit):
            if let limit { Self.write(limit: limit, into: &output) }
            output.append(",\"window\":\"")
            output.append(window.text)
            output.append("\"")
        case .limit(let limit): Self.write(limit: limit, into: &output)
        case .none, .retryable, .scope, .quota: break
        }
        output.append("}")
    }

    private static func write(limit: Int, into output: inout ByteBuffer) {
        output.append(",\"limit\":")
        output.append(decimal: limit)
    }
}
