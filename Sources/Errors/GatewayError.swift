import Kernel

/// Everything the gateway refuses or fails at: the one catalogue.
///
/// A new case is the whole job: the compiler asks for its facts below, and from there every
/// dialect, the access log, the metrics and `docs/errors.md` speak of it. Nothing else in the
/// program names a status code of a refusal.
public enum GatewayError: Error, Equatable, Sendable {
    // Identity
    case missingCredential
    case malformedCredential(CredentialFault)
    case unknownCredential
    case expiredCredential
    case revokedCredential
    case suspendedCredential
    // Permission and limits
    case modelNotAllowed
    case rateLimited(LimitWindow, retryAfterMilliseconds: Int)
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
        .missingCredential, .malformedCredential(.wrongScheme), .unknownCredential,
        .expiredCredential, .revokedCredential, .suspendedCredential, .modelNotAllowed,
        .rateLimited(.minute, retryAfterMilliseconds: 1_500),
        .rateLimited(.day, retryAfterMilliseconds: 3_600_000),
        .rateLimited(.month, retryAfterMilliseconds: 86_400_000),
        .invalidJSON, .bodyTooLarge(limitBytes: 10_485_760),
        .routeNotFound(method: "GET", path: "/v1/unknown"), .unsupportedStreamingCompletion,
        .malformedRequest("two Content-Length fields"), .requestTimeout, .targetTooLong,
        .expectationFailed, .misdirected, .fieldsTooLarge, .unsupportedVersion,
        .overloaded(retryAfterSeconds: 1), .upstreamFailed(.unreachable), .internalError,
        .unsupportedPrompt, .processExhausted(retryAfterMilliseconds: 86_400_000),
        .upgradeRequired,
    ]
}
