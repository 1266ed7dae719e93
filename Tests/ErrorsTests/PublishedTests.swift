import Errors
import Kernel
import Testing

/// What the published pages of each API say, to the byte, typed off them and not made by the code.
@Suite("Published errors")
struct PublishedTests {
    typealias Answers = [(dialect: Dialect, status: Int, body: String)]

    static let short = Dialect.openAI(errorParam: false)

    static let identity: [(error: GatewayError, answers: Answers)] = [
        (
            .missingCredential,
            [
                (.behestAdmin, 401, #"{"error":"Bearer token required"}"#),
                (
                    .behestEdge, 401,
                    #"{"error":"unauthorized","message":"Missing Authorization header"}"#
                ),
                (
                    .behestData, 401,
                    #"{"error":{"code":"invalid_token","message":"Missing Authorization header"}}"#
                ),
                (
                    short, 401,
                    #"{"error":{"message":"Missing API key","type":"invalid_request_error","#
                        + #""code":"missing_api_key"}}"#
                ),
                (.oneCLI, 401, #"{"error":"Unauthorized"}"#),
                (
                    .oneCLIObject, 401,
                    #"{"error":{"message":"Invalid API key or token.","#
                        + #""type":"authentication_error"}}"#
                ),
                (.oneCLIGateway, 407, ""),
                (.devSphere, 401, #"{"error":"invalid_api_key"}"#),
            ]
        ),
        (
            .malformedCredential(.wrongScheme),
            [(.behestAdmin, 401, #"{"error":"Bearer token required"}"#)]
        ),
        (
            .malformedCredential(.wrongPrefix),
            [
                (.behestAdmin, 401, #"{"error":"Invalid API key format"}"#),
                (.behestEdge, 401, #"{"error":"unauthorized","message":"Invalid token"}"#),
                (
                    .behestData, 401,
                    #"{"error":{"code":"invalid_token","message":"Invalid token"}}"#
                ),
                (
                    short, 401,
                    #"{"error":{"message":"Invalid API key","type":"invalid_request_error","#
                        + #""code":"invalid_api_key"}}"#
                ),
                (.oneCLI, 401, #"{"error":"Unauthorized"}"#),
                (.oneCLIGateway, 407, ""),
                (.devSphere, 401, #"{"error":"invalid_api_key"}"#),
            ]
        ),
        (
            .unknownCredential,
            [
                (.behestAdmin, 401, #"{"error":"Invalid API key"}"#),
                (.behestEdge, 401, #"{"error":"unauthorized","message":"Invalid token"}"#),
                (.devSphere, 401, #"{"error":"invalid_api_key"}"#),
            ]
        ),
        (
            .revokedCredential,
            [
                (.behestAdmin, 401, #"{"error":"API key revoked"}"#),
                (
                    .behestData, 401,
                    #"{"error":{"code":"invalid_token","message":"Invalid token"}}"#
                ),
                (
                    short, 403,
                    #"{"error":{"message":"API key has been revoked","#
                        + #""type":"invalid_request_error","code":"api_key_revoked"}}"#
                ),
                (.devSphere, 401, #"{"error":"invalid_api_key"}"#),
            ]
        ),
        (
            .expiredToken,
            [
                (.behestAdmin, 401, #"{"error":"Token expired"}"#),
                (.behestEdge, 401, #"{"error":"unauthorized","message":"Token expired"}"#),
                (
                    .behestData, 401,
                    #"{"error":{"code":"invalid_token","message":"Token expired"}}"#
                ),
                (.oneCLI, 401, #"{"error":"Unauthorized"}"#),
                (.devSphere, 401, #"{"error":"invalid_api_key"}"#),
            ]
        ),
    ]

    static let standing: [(error: GatewayError, answers: Answers)] = [
        (
            .suspendedCredential,
            [
                (
                    short, 403,
                    #"{"error":{"message":"API key is suspended","#
                        + #""type":"invalid_request_error","code":"api_key_suspended"}}"#
                ),
                (.devSphere, 403, #"{"error":"forbidden"}"#),
            ]
        ),
        (
            .suspendedProject,
            [
                (.behestAdmin, 401, #"{"error":"Project is suspended"}"#),
                (.behestEdge, 403, #"{"error":"forbidden","message":"Project is suspended"}"#),
                (
                    .behestData, 403,
                    #"{"error":{"code":"forbidden","message":"Project is suspended"}}"#
                ),
                (.devSphere, 403, #"{"error":"forbidden"}"#),
            ]
        ),
        (
            .killed(.everything),
            [(.behestEdge, 403, #"{"error":"forbidden","message":"Kill switch active"}"#)]
        ),
        (
            .insufficientScope(need: "leads:read"),
            [
                (.behestAdmin, 403, #"{"error":"Forbidden"}"#),
                (.behestEdge, 403, #"{"error":"forbidden","message":"Forbidden"}"#),
                (.oneCLI, 403, #"{"error":"Insufficient permissions"}"#),
                (
                    .oneCLIObject, 403,
                    #"{"error":{"message":"Insufficient permissions","#
                        + #""type":"authentication_error"}}"#
                ),
                (.devSphere, 403, #"{"error":"insufficient_scope","need":"leads:read"}"#),
            ]
        ),
        (
            .modelNotAllowed,
            [
                (
                    short, 403,
                    #"{"error":{"message":"Model not allowed for this key","#
                        + #""type":"invalid_request_error","code":"model_not_allowed"}}"#
                )
            ]
        ),
    ]

    static let limits: [(error: GatewayError, answers: Answers)] = [
        (
            .rateLimited(.minute, limit: 2, retryAfterMilliseconds: 1),
            [
                (
                    .behestAdmin, 429,
                    #"{"error":"Too many validation requests. Try again in a minute.","#
                        + #""code":"RATE_LIMITED"}"#
                ),
                (
                    .behestEdge, 429,
                    #"{"error":"rate limit exceeded","message":"API rate limit exceeded"}"#
                ),
                (
                    short, 429,
                    #"{"error":{"message":"Rate limit exceeded: requests per minute","#
                        + #""type":"rate_limit_error","code":"rate_limit_exceeded"}}"#
                ),
                (
                    .oneCLIGateway, 429,
                    #"{"error":"rate_limited","message":"This request was rate-limited by an "#
                        + #"OneCLI policy rule.","limit":2,"window":"minute"}"#
                ),
                (.devSphere, 429, #"{"error":"rate_limited"}"#),
            ]
        ),
        (
            .rateLimited(.hour, limit: 50, retryAfterMilliseconds: 1),
            [(.behestAdmin, 429, #"{"error":"Playground rate limit exceeded (50/hour)"}"#)]
        ),
        (
            .quotaExceeded(
                QuotaFacts(
                    tier: "free", subject: .user, unit: .tokens, window: .day, limit: 50_000,
                    used: 50_123, resetMilliseconds: 1)),
            [
                (
                    .behestEdge, 429,
                    #"{"error":"rate limit exceeded","message":"Daily token budget exhausted"}"#
                ),
                (
                    .behestData, 402,
                    #"{"error":{"code":"quota_exceeded","message":"User has exceeded the daily "#
                        + #"token limit for tier 'free'.","details":{"tier":"free","#
                        + #""limit":{"tokens_per_day":50000},"usage":{"tokens_today":50123}}}}"#
                ),
                (.devSphere, 403, #"{"error":"plan_limit"}"#),
            ]
        ),
        (
            .quotaExceeded(
                QuotaFacts(
                    tier: "free", subject: .user, unit: .requests, window: .day, limit: 100,
                    used: 100, resetMilliseconds: 1)),
            [
                (
                    .behestData, 402,
                    #"{"error":{"code":"quota_exceeded","message":"User has exceeded the daily "#
                        + #"request limit for tier 'free'.","details":{"tier":"free","#
                        + #""limit":{"requests_per_day":100},"usage":{"requests_today":100}}}}"#
                )
            ]
        ),
        (
            .quotaExceeded(
                QuotaFacts(
                    tier: nil, subject: .project, unit: .requests, window: .month, limit: 1_000,
                    used: 1_000, resetMilliseconds: 1)),
            [
                (
                    .oneCLIGateway, 429,
                    #"{"error":"quota_exceeded","message":"Your plan allows 1000 integration "#
                        + #"calls per month. Upgrade to Pro or Team for unlimited calls.","#
                        + #""limit":1000}"#
                )
            ]
        ),
    ]

    static let requests: [(error: GatewayError, answers: Answers)] = [
        (
            .invalidJSON,
            [
                (.behestAdmin, 400, #"{"error":"Invalid JSON body"}"#),
                (
                    .behestData, 400,
                    #"{"error":{"code":"validation_error","message":"Invalid JSON body"}}"#
                ),
                (
                    short, 400,
                    #"{"error":{"message":"Request body is not valid JSON","#
                        + #""type":"invalid_request_error","code":"invalid_json"}}"#
                ),
                (.oneCLI, 400, #"{"error":"Invalid request body"}"#),
                (.oneCLIObject, 400, #"{"error":"Invalid request body"}"#),
                (.devSphere, 400, #"{"error":"bad_request"}"#),
            ]
        ),
        (
            .bodyTooLarge(limitBytes: 10_485_760),
            [
                (.behestAdmin, 413, #"{"error":"Request body too large"}"#),
                (
                    .behestEdge, 413,
                    #"{"error":"payload too large","message":"Request body exceeds 10 MB"}"#
                ),
                (
                    .behestData, 413,
                    #"{"error":{"code":"validation_error","#
                        + #""message":"Request body exceeds 10 MB"}}"#
                ),
                (
                    short, 413,
                    #"{"error":{"message":"Request body exceeds 10 MB","#
                        + #""type":"invalid_request_error","code":"request_too_large"}}"#
                ),
                (.oneCLI, 413, #"{"error":"Request body too large"}"#),
                (.devSphere, 413, #"{"error":"bad_request"}"#),
            ]
        ),
        (
            .routeNotFound(method: "GET", path: "/v1/unknown"),
            [
                (.behestAdmin, 404, #"{"error":"Not found"}"#),
                (
                    .behestEdge, 404,
                    #"{"error":"not found","message":"no Route matched with those values"}"#
                ),
                (.behestData, 404, #"{"error":{"message":"Not found"}}"#),
                (
                    short, 404,
                    #"{"error":{"message":"Route GET /v1/unknown not found","#
                        + #""type":"invalid_request_error","code":"route_not_found"}}"#
                ),
                (.oneCLI, 404, #"{"error":"Not found"}"#),
                (
                    .oneCLIObject, 404,
                    #"{"error":{"message":"Unrecognized request URL (GET: /v1/unknown). "#
                        + "Please see https://onecli.sh/docs/api-reference "
                        + #"for available endpoints.","type":"invalid_request_error"}}"#
                ),
                (.oneCLIGateway, 400, ""),
                (.devSphere, 404, #"{"error":"not_found"}"#),
            ]
        ),
    ]

    static let failures: [(error: GatewayError, answers: Answers)] = [
        (
            .upstreamFailed(.unreachable),
            [
                (
                    .behestAdmin, 502,
                    #"{"error":"Settings saved but failed to sync to gateway. Please retry "#
                        + #"deploy.","code":"REDIS_SYNC_FAILED","retryable":true}"#
                ),
                (
                    .behestEdge, 502,
                    #"{"error":"bad gateway","message":"An invalid response was received from "#
                        + #"the upstream server"}"#
                ),
                (
                    .behestData, 502,
                    #"{"error":{"code":"server_error","message":"Upstream unavailable"}}"#
                ),
                (
                    short, 502,
                    #"{"error":{"message":"Upstream request failed","#
                        + #""type":"server_error","code":"upstream_error"}}"#
                ),
                (
                    .oneCLIGateway, 502,
                    #"{"error":"resolution_failed","message":"OneCLI gateway failed to resolve "#
                        + #"rules for this request."}"#
                ),
                (.devSphere, 500, #"{"error":"query_failed"}"#),
            ]
        ),
        (
            .internalError,
            [
                (.behestAdmin, 500, #"{"error":"Internal server error"}"#),
                (
                    .behestEdge, 500,
                    #"{"error":"internal error","message":"An unexpected error occurred"}"#
                ),
                (
                    short, 500,
                    #"{"error":{"message":"Internal server error","#
                        + #""type":"server_error","code":"internal_error"}}"#
                ),
                (.oneCLI, 500, #"{"error":"Internal server error"}"#),
                (
                    .oneCLIObject, 500,
                    #"{"error":{"message":"An unexpected error occurred.","type":"api_error"}}"#
                ),
                (
                    .oneCLIGateway, 502,
                    #"{"error":"bad_gateway","message":"OneCLI gateway internal error."}"#
                ),
                (.devSphere, 500, #"{"error":"query_failed"}"#),
            ]
        ),
    ]

    static let all = identity + standing + limits + requests + failures

    @Test("are sent to the byte in every dialect that has them", arguments: all.indices)
    func exact(index: Int) {
        let (error, answers) = Self.all[index]
        for answer in answers {
            #expect(answer.dialect.status(of: error) == answer.status)
            #expect(body(error, in: answer.dialect) == answer.body)
        }
    }

    @Test("a timeout is 504 for Behest's data plane and its edge, and a failure like any elsewhere")
    func timeouts() {
        for wait in UpstreamFailure.Wait.allCases {
            let error = GatewayError.upstreamFailed(.timedOut(wait))
            let statuses = Dialect.all.map { $0.status(of: error) }
            #expect(statuses == [502, 502, 502, 504, 504, 504, 504, 502, 500])
            let data = #"{"error":{"code":"server_error","message":"Upstream timed out"}}"#
            #expect(body(error, in: .behestData) == data)
        }
    }
}

/// The body for an error.
func body(_ error: GatewayError, in dialect: Dialect) -> String {
    var buffer = ByteBuffer()
    dialect.write(error, into: &buffer)
    return buffer.text
}
