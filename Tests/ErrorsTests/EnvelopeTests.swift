import Errors
import Kernel
import Testing

private func body(_ error: GatewayError, errorParam: Bool) -> String {
    body(error, in: .openAI(errorParam: errorParam))
}

@Suite("OpenAI's envelope")
struct EnvelopeTests {
    /// Status, type, code, message.
    typealias Row = (GatewayError, Int, String, String, String)

    static let invalid = "invalid_request_error"
    static let server = "server_error"
    static let limit = "rate_limit_error"

    static let rows: [Row] = [
        (.missingCredential, 401, invalid, "missing_api_key", "Missing API key"),
        (.malformedCredential(.tooLong), 401, invalid, "invalid_api_key", "Invalid API key"),
        (.unknownCredential, 401, invalid, "invalid_api_key", "Invalid API key"),
        (.expiredCredential, 401, invalid, "invalid_api_key", "API key has expired"),
        (.revokedCredential, 403, invalid, "api_key_revoked", "API key has been revoked"),
        (.suspendedCredential, 403, invalid, "api_key_suspended", "API key is suspended"),
        (.modelNotAllowed, 403, invalid, "model_not_allowed", "Model not allowed for this key"),
        (
            .rateLimited(.minute, retryAfterMilliseconds: 9), 429, limit, "rate_limit_exceeded",
            "Rate limit exceeded: requests per minute"
        ),
        (
            .rateLimited(.day, retryAfterMilliseconds: 9), 429, limit, "rate_limit_exceeded",
            "Rate limit exceeded: requests per day"
        ),
        (
            .rateLimited(.month, retryAfterMilliseconds: 9), 429, limit, "rate_limit_exceeded",
            "Monthly request limit exceeded"
        ),
        (.invalidJSON, 400, invalid, "invalid_json", "Request body is not valid JSON"),
        (
            .bodyTooLarge(limitBytes: 10_485_760), 413, invalid, "request_too_large",
            "Request body exceeds 10 MB"
        ),
        (
            .bodyTooLarge(limitBytes: 524_288), 413, invalid, "request_too_large",
            "Request body exceeds 512 KB"
        ),
        (
            .bodyTooLarge(limitBytes: 10_000_000), 413, invalid, "request_too_large",
            "Request body exceeds 10000000 bytes"
        ),
        (
            .bodyTooLarge(limitBytes: 1), 413, invalid, "request_too_large",
            "Request body exceeds 1 byte"
        ),
        (
            .routeNotFound(method: "GET", path: "/v1/unknown"), 404, invalid, "route_not_found",
            "Route GET /v1/unknown not found"
        ),
        (
            .unsupportedStreamingCompletion, 400, invalid, "unsupported_streaming_completion",
            "Streaming legacy completions are not supported. "
                + "Use /v1/chat/completions with stream=true."
        ),
        (
            .processExhausted(retryAfterMilliseconds: 1), 429, limit, "rate_limit_exceeded",
            "Monthly request limit exceeded"
        ),
        (
            .unsupportedPrompt, 400, invalid, "bad_request",
            "The prompt must be a string or an array of strings"
        ),
        (.malformedRequest("bare CR"), 400, invalid, "bad_request", "Malformed request"),
        (.requestTimeout, 408, invalid, "request_timeout", "The request took too long"),
        (.targetTooLong, 414, invalid, "uri_too_long", "Request target is too long"),
        (.expectationFailed, 417, invalid, "expectation_failed", "Unsupported Expect header"),
        (
            .misdirected, 421, invalid, "misdirected_request",
            "This host is not served on this connection"
        ),
        (.fieldsTooLarge, 431, invalid, "headers_too_large", "Request headers are too large"),
        (.unsupportedVersion, 400, invalid, "bad_request", "Unsupported HTTP version"),
        (
            .overloaded(retryAfterSeconds: 2), 503, server, "overloaded",
            "The gateway is overloaded. Please retry later."
        ),
        (
            .upstreamFailed(.timedOut(.firstByte)), 502, server, "upstream_error",
            "Upstream request failed"
        ),
        (
            .upstreamFailed(.serverError(status: 503)), 502, server, "upstream_error",
            "Upstream request failed"
        ),
        (.internalError, 500, server, "internal_error", "Internal server error"),
        (
            .upgradeRequired, 426, invalid, "upgrade_required",
            "This endpoint speaks WebSocket, version 13"
        ),
        (.malformedCredential(.empty), 401, invalid, "invalid_api_key", "Invalid API key"),
        (
            .rateLimited(.hour, retryAfterMilliseconds: 9), 429, limit, "rate_limit_exceeded",
            "Rate limit exceeded: requests per hour"
        ),
        (.upstreamFailed(.reset), 502, server, "upstream_error", "Upstream request failed"),
        (.invalidToken("bad_signature"), 401, invalid, "invalid_token", "Invalid token"),
        (.expiredToken, 401, invalid, "invalid_token", "Token has expired"),
        (.suspendedProject, 403, invalid, "project_suspended", "Project is suspended"),
        (
            .suspendedOrganization, 403, invalid, "organization_suspended",
            "Organization is suspended"
        ),
        (.otherTenant, 403, invalid, "forbidden", "The credential belongs to another project"),
        (.killed(.project), 403, invalid, "kill_switch_active", "Kill switch active"),
        (
            .insufficientScope(need: "leads:read"), 403, invalid, "insufficient_scope",
            "Missing scope: leads:read"
        ),
        (.insufficientRole, 403, invalid, "insufficient_role", "Insufficient permissions"),
        (.unknownProject, 404, invalid, "project_not_found", "Project not found"),
        (
            .addressRateLimited(retryAfterMilliseconds: 1), 429, limit, "rate_limit_exceeded",
            "Rate limit exceeded: requests per minute"
        ),
        (
            .quotaExceeded(
                QuotaFacts(
                    tier: "free", subject: .key, unit: .tokens, window: .month, limit: 1, used: 2,
                    resetMilliseconds: 3)), 429, "insufficient_quota", "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details."
        ),
        (
            .authorityUnavailable, 503, server, "authority_unavailable",
            "Tokens cannot be verified at the moment. Please retry later."
        ),
    ]

    @Test("words every error, with and without `param`, to the byte", arguments: rows.indices)
    func golden(index: Int) {
        let (error, status, type, code, message) = Self.rows[index]
        let start = "{\"error\":{\"message\":\"\(message)\",\"type\":\"\(type)\","
        #expect(Dialect.openAI(errorParam: true).status(of: error) == status)
        #expect(body(error, errorParam: true) == start + "\"param\":null,\"code\":\"\(code)\"}}")
        #expect(body(error, errorParam: false) == start + "\"code\":\"\(code)\"}}")
    }

    @Test("has a golden row for every number of the catalogue")
    func completeness() {
        let numbers = Set(Self.rows.map { $0.0.facts.number })
        #expect(numbers == Set(0..<GatewayError.count))
    }

    @Test("repeats a client's path escaped, bounded and without its query")
    func unknownRoute() {
        let error = GatewayError.unknownRoute(
            method: "GET".utf8.span, path: "/a\"b\\?key=secret".utf8.span)
        #expect(body(error, errorParam: false).contains("Route GET /a\\\"b\\\\ not found"))
        let long = "/" + String(repeating: "x", count: 5_000)
        let bounded = GatewayError.unknownRoute(method: long.utf8.span, path: long.utf8.span)
        let isShort =
            body(bounded, errorParam: false).utf8.count < GatewayError.repeatedPathBytes + 200
        #expect(isShort)
        #expect(
            GatewayError.unknownRoute(method: "GET".utf8.span, path: "?x".utf8.span)
                == .routeNotFound(method: "GET", path: ""))
    }

    @Test("appends behind what the buffer holds")
    func append() {
        var buffer = ByteBuffer()
        buffer.append("x")
        Dialect.openAI(errorParam: false).write(.internalError, into: &buffer)
        #expect(buffer.text.hasPrefix("x{\"error\""))
    }
}

@Suite("The catalogue of errors")
struct CatalogueTests {
    @Test("numbers its examples densely and in order")
    func numbers() {
        #expect(GatewayError.examples.map(\.facts.number) == Array(0..<GatewayError.count))
    }

    @Test("gives every number its own name and reason in the log")
    func logNames() {
        let names = GatewayError.examples.map { "\($0.facts.logCode) \($0.facts.logReason)" }
        #expect(Set(names).count == names.count)
    }

    @Test("tells an SDK to retry the minute, never the day or the month")
    func retries() {
        let minute = GatewayError.rateLimited(.minute, retryAfterMilliseconds: 0).facts
        let day = GatewayError.rateLimited(.day, retryAfterMilliseconds: 5).facts
        let month = GatewayError.rateLimited(.month, retryAfterMilliseconds: 5).facts
        #expect(minute.shouldRetry == true && minute.retryAfterMilliseconds == 1)
        #expect(day.shouldRetry == false && day.retryAfterMilliseconds == 5)
        #expect(month.shouldRetry == false)
        let address = GatewayError.addressRateLimited(retryAfterMilliseconds: 5).facts
        #expect(address.shouldRetry == true && address.retryAfterMilliseconds == 5)
        let quota = QuotaFacts(
            tier: nil, subject: .key, unit: .tokens, window: .day, limit: 1, used: 1,
            resetMilliseconds: 5)
        #expect(GatewayError.quotaExceeded(quota).facts.shouldRetry == false)
        #expect(GatewayError.authorityUnavailable.facts.retryAfterMilliseconds == 5_000)
        #expect(GatewayError.missingCredential.facts.retryAfterMilliseconds == nil)
        let overloaded = GatewayError.overloaded(retryAfterSeconds: .max).facts
        #expect(overloaded.retryAfterMilliseconds == 86_400_000)
    }

    @Test("keeps a connection whose next request can be found")
    func closing() {
        let dialect = Dialect.openAI(errorParam: true)
        let kept = GatewayError.examples.filter { !$0.facts.isClosing }.map(dialect.status)
        #expect(!kept.contains { [408, 413, 414, 417, 431].contains($0) })
        #expect(!GatewayError.invalidJSON.facts.isClosing)
        #expect(GatewayError.malformedRequest("x").facts.isClosing)
    }

    @Test("names every kind of failure for the log")
    func kinds() {
        let faults = CredentialFault.allCases.map { $0.logReason.description }
        let waits = UpstreamFailure.Wait.allCases.map {
            UpstreamFailure.timedOut($0).logReason.description
        }
        #expect(Set(faults).count == CredentialFault.allCases.count)
        #expect(Set(waits).count == UpstreamFailure.Wait.allCases.count)
        #expect(LogReason("a") == "a")
        #expect(LogReason("a") != "b")
    }
}
