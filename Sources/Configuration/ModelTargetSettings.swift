/// One way to have a model served.
public struct ModelTargetSettings: Sendable, Equatable {
    /// Name of an entry of `Configuration.upstreams`; nil: the site's.
    public var upstream: String?
    /// What the model is called there; nil: as the client calls it.
    public var upstreamName: String?
    public var weight = 1
    /// Shown in place of the upstream's own; nil: that.
    public var credential: Secret?

    // What `credential` is worked out from.
    var credentialSource: CredentialSource?

    public init() {}
}
