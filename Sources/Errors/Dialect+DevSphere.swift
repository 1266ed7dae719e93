import Kernel

/// DevSphere's public API: nothing but a code, of which its page lists them all. It does not tell
/// what belongs to another organization from what does not exist.
extension GatewayError {
    var inDevSphere: Wording {
        switch self {
        case .missingCredential, .malformedCredential, .unknownCredential, .expiredCredential,
            .revokedCredential, .invalidToken, .expiredToken:
            Wording(code: "invalid_api_key", 401)
        case .suspendedCredential, .suspendedProject, .suspendedOrganization, .killed,
            .insufficientRole, .modelNotAllowed:
            Wording(code: "forbidden", 403)
        case .insufficientScope(let need):
            Wording(code: "insufficient_scope", 403, .scope(need))
        case .otherTenant, .unknownProject, .routeNotFound: Wording(code: "not_found", 404)
        case .rateLimited, .addressRateLimited, .processExhausted:
            Wording(code: "rate_limited", 429)
        case .quotaExceeded: Wording(code: "plan_limit", 403)
        case .invalidJSON, .unsupportedStreamingCompletion, .unsupportedPrompt,
            .malformedRequest, .unsupportedVersion:
            Wording(code: "bad_request", 400)
        case .bodyTooLarge: Wording(code: "bad_request", 413)
        case .requestTimeout: Wording(code: "bad_request", 408)
        case .targetTooLong: Wording(code: "bad_request", 414)
        case .expectationFailed: Wording(code: "bad_request", 417)
        case .misdirected: Wording(code: "bad_request", 421)
        case .upgradeRequired: Wording(code: "bad_request", 426)
        case .fieldsTooLarge: Wording(code: "bad_request", 431)
        case .overloaded, .authorityUnavailable: Wording(code: "query_failed", 503)
        case .upstreamFailed, .internalError: Wording(code: "query_failed", 500)
        }
    }
}

extension Wording {
    /// The code is all that is said.
    fileprivate init(code: StaticString, _ status: Int, _ detail: Detail = .none) {
        self.init(status, code, code, detail)
    }

    /// `{"error":code}`, and `need` where a scope is missing.
    func writeDevSphere(into output: inout ByteBuffer) {
        output.append("{\"error\":\"")
        output.append(code)
        output.append("\"")
        if case .scope(let need) = detail {
            output.append(",\"need\":\"")
            output.append(name: need)
            output.append("\"")
        }
        output.append("}")
    }
}
