extension GatewayError {
    /// The catalogue: one row for each error, and whatever no dialect changes about it.
    public var facts: Facts {
        switch self {
        case .missingCredential: Facts(0, "missing_api_key")
        case .malformedCredential(let fault) where fault.isWithoutBearer:
            Facts(28, "malformed_api_key", reason: fault.logReason)
        case .malformedCredential(let fault):
            Facts(1, "malformed_api_key", reason: fault.logReason)
        case .unknownCredential: Facts(2, "unknown_api_key")
        case .expiredCredential: Facts(3, "expired_api_key")
        case .revokedCredential: Facts(4, "api_key_revoked")
        case .suspendedCredential: Facts(5, "api_key_suspended")
        case .modelNotAllowed: Facts(6, "model_not_allowed")
        case .rateLimited(.minute, _, let wait):
            Facts(7, "rate_limit_exceeded", reason: "minute").retry(true, after: wait)
        case .rateLimited(.day, _, let wait):
            Facts(8, "rate_limit_exceeded", reason: "day").retry(false, after: wait)
        case .rateLimited(.month, _, let wait):
            Facts(9, "rate_limit_exceeded", reason: "month").retry(false, after: wait)
        case .invalidJSON: Facts(10, "invalid_json")
        case .bodyTooLarge: Facts(11, "request_too_large", isClosing: true)
        case .routeNotFound: Facts(12, "route_not_found")
        case .unsupportedStreamingCompletion: Facts(13, "unsupported_streaming_completion")
        case .malformedRequest(let reason):
            Facts(14, "bad_request", reason: reason.text, isClosing: true)
        case .requestTimeout: Facts(15, "request_timeout", isClosing: true)
        case .targetTooLong: Facts(16, "uri_too_long", isClosing: true)
        case .expectationFailed: Facts(17, "expectation_failed", isClosing: true)
        case .misdirected: Facts(18, "misdirected_request")
        case .fieldsTooLarge: Facts(19, "headers_too_large", isClosing: true)
        case .unsupportedVersion: Facts(20, "unsupported_version", isClosing: true)
        case .overloaded(let seconds):
            Facts(21, "overloaded").retry(true, after: max(1, min(seconds, 86_400)) * 1_000)
        case .upstreamFailed(.timedOut(let wait)):
            Facts(27, "upstream_error", reason: UpstreamFailure.timedOut(wait).logReason)
        case .upstreamFailed(let failure):
            Facts(22, "upstream_error", reason: failure.logReason)
        case .internalError: Facts(23, "internal_error")
        case .unsupportedPrompt: Facts(24, "unsupported_prompt")
        case .processExhausted(let wait):
            Facts(25, "process_limit_exceeded").retry(false, after: wait)
        case .upgradeRequired: Facts(26, "upgrade_required")
        case .rateLimited(.hour, _, let wait):
            Facts(29, "rate_limit_exceeded", reason: "hour").retry(false, after: wait)
        case .invalidToken(let reason): Facts(30, "invalid_token", reason: reason.text)
        case .expiredToken: Facts(31, "expired_token")
        case .suspendedProject: Facts(32, "project_suspended")
        case .suspendedOrganization: Facts(33, "organization_suspended")
        case .otherTenant: Facts(34, "other_tenant")
        case .killed(let level): Facts(35, "killed", reason: level.logReason)
        case .insufficientScope: Facts(36, "insufficient_scope")
        case .insufficientRole: Facts(37, "insufficient_role")
        case .unknownProject: Facts(38, "unknown_project")
        case .addressRateLimited(let wait):
            Facts(39, "address_rate_limit_exceeded").retry(true, after: wait)
        case .quotaExceeded(let quota):
            Facts(40, "quota_exceeded", reason: quota.limitName)
                .retry(false, after: quota.resetMilliseconds)
        case .authorityUnavailable:
            Facts(41, "authority_unavailable").retry(true, after: Self.authorityPause)
        }
    }

    /// How many numbers `Facts.number` takes.
    public static let count = 42

    /// Milliseconds after which signing keys may have been fetched.
    private static let authorityPause = 5_000
}
