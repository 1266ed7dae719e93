/// What pages of other origins may do with a site.
public struct CrossOriginSettings: Sendable, Equatable {
    /// Which fields a page may send.
    public enum RequestFields: Sendable, Equatable {
        /// Whatever it asks for.
        case reflected
        case listed([String])
    }

    /// `*` alone, or origins as browsers write them. Empty: no other origin.
    public var origins = ["*"]
    /// Whether cookies and client certificates may go along.
    public var credentials = false
    public var allowedHeaders = RequestFields.reflected
    public var exposedHeaders = [
        "X-Request-Id", "X-Trace-Id", "X-Upstream-Request-Id", "Retry-After", "Retry-After-Ms",
        "X-Should-Retry", "X-RateLimit-Limit-Requests", "X-RateLimit-Remaining-Requests",
        "X-RateLimit-Reset-Requests", "X-RateLimit-Limit-Tokens", "X-RateLimit-Remaining-Tokens",
        "X-RateLimit-Reset-Tokens",
    ]
    public var maxAgeSeconds = 86_400

    public init() {}

    /// The fixed lists of the BVE page.
    static var bve: CrossOriginSettings {
        var settings = CrossOriginSettings()
        settings.allowedHeaders = .listed(["Authorization", "Content-Type", "X-Request-Id"])
        settings.exposedHeaders = ["X-Request-Id"]
        return settings
    }
}
