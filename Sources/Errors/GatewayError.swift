import Kernel

/// Everything the gateway refuses or fails at: the one catalogue.
///
/// A new case is the whole job: the compiler asks for its facts and asks every dialect for its
/// words; from there the access log, the metrics and `docs/errors.md` speak of it. Nothing else in
/// the program names a status code of a refusal.
public enum GatewayError: Error, Equatable, Sendable {
    // Identity
    case missingCredential
    case malformedCredential(CredentialFault)
    case unknownCredential
    case expiredCredential
    case revokedCredential
    case suspendedCredential
    /// A signed token that failed for any reason but its end.
    case invalidToken(LogReason)
    case expiredToken
    /// No signing keys could be fetched yet, so that nobody can be told from anybody.
    case authorityUnavailable
    // Standing and permission
    case suspendedProject
    case suspendedOrganization
    /// The host's name names no project.
    case unknownProject
    /// The credential belongs to another tenant than the host names.
    case otherTenant
    case killed(KillLevel)
    /// `need`: the scope, as the operator wrote it.
    case insufficientScope(need: String)
    case insufficientRole
    case modelNotAllowed
    // Limits
    /// `limit`: how many requests the window admits, where that is known.
    case rateLimited(LimitWindow, limit: Int? = nil, retryAfterMilliseconds: Int)
    /// Too many requests a minute from one client address, whoever is behind it.
    case addressRateLimited(retryAfterMilliseconds: Int)
    case quotaExceeded(QuotaFacts)
    case processExhausted(retryAfterMilliseconds: Int)
    // The request
    case invalidJSON
    case bodyTooLarge(limitBytes: Int)
    /// `path` without the query. Made with `unknownRoute`, which bounds both.
    case routeNotFound(method: String, path: String)
    case unsupportedStreamingCompletion
    case unsupportedPrompt
    case malformedRequest(LogReason)
    case requestTimeout
    case targetTooLong
    case expectationFailed
    case misdirected
    case fieldsTooLarge
    case unsupportedVersion
    /// The route speaks WebSocket, in the one version there is.
    case upgradeRequired
    // The gateway and what is behind it
    case overloaded(retryAfterSeconds: Int)
    case upstreamFailed(UpstreamFailure)
    case internalError

    /// The most bytes of a method and of a path that an error message repeats.
    public static let repeatedMethodBytes = 32
    public static let repeatedPathBytes = 1024

    /// `routeNotFound` for what a client sent; text beyond the bounds is left out of the message.
    public static func unknownRoute(method: Span<UInt8>, path: Span<UInt8>) -> GatewayError {
        let pathEnd = path.firstIndex(of: UInt8(ascii: "?")) ?? path.count
        return .routeNotFound(
            method: method.extracting(0..<min(method.count, repeatedMethodBytes)).text,
            path: path.extracting(0..<min(pathEnd, repeatedPathBytes)).text
        )
    }

    /// One value of every case, in the order of `Facts.number`: for tables, documentation and
    /// tests.
    public static let examples: [GatewayError] = [
        .missingCredential, .malformedCredential(.wrongPrefix), .unknownCredential,
        .expiredCredential, .revokedCredential, .suspendedCredential, .modelNotAllowed,
        .rateLimited(.minute, limit: 60, retryAfterMilliseconds: 1_500),
        .rateLimited(.day, limit: 10_000, retryAfterMilliseconds: 3_600_000),
        .rateLimited(.month, limit: 100_000, retryAfterMilliseconds: 86_400_000),
        .invalidJSON, .bodyTooLarge(limitBytes: 10_485_760),
        .routeNotFound(method: "GET", path: "/v1/unknown"), .unsupportedStreamingCompletion,
        .malformedRequest("two Content-Length fields"), .requestTimeout, .targetTooLong,
        .expectationFailed, .misdirected, .fieldsTooLarge, .unsupportedVersion,
        .overloaded(retryAfterSeconds: 1), .upstreamFailed(.unreachable), .internalError,
        .unsupportedPrompt, .processExhausted(retryAfterMilliseconds: 86_400_000),
        .upgradeRequired, .upstreamFailed(.timedOut(.firstByte)),
        .malformedCredential(.wrongScheme),
        .rateLimited(.hour, limit: 50, retryAfterMilliseconds: 600_000),
        .invalidToken("bad_signature"), .expiredToken, .suspendedProject, .suspendedOrganization,
        .otherTenant, .killed(.project), .insufficientScope(need: "leads:read"),
        .insufficientRole, .unknownProject, .addressRateLimited(retryAfterMilliseconds: 1_500),
        .quotaExceeded(
            QuotaFacts(
                tier: "free", subject: .user, unit: .tokens, window: .day, limit: 50_000,
                used: 50_123, resetMilliseconds: 3_600_000)),
        .authorityUnavailable,
    ]
}
