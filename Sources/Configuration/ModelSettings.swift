/// Where requests for some models go, and what they are called there.
public struct ModelSettings: Sendable, Equatable {
    /// A name; with `*` at its end, a beginning.
    public var model = ""
    public var upstreamName: String?
    /// Name of an entry of `Configuration.upstreams`; nil: the site's.
    public var upstream: String?

    public init() {}
}
