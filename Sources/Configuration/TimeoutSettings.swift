/// How long each step may take, in milliseconds. There is no total limit on a request: a long
/// answer that keeps moving is never cut.
public struct TimeoutSettings: Sendable, Equatable {
    public var tlsHandshake = 10_000
    public var requestHead = 10_000
    public var requestBodyIdle = 60_000
    public var keepAliveIdle = 75_000
    public var writeStall = 60_000
    public var tunnelIdle = 1_800_000
    public var tunnelHalfClosed = 30_000
    public var drain = 300_000
    public var restart = 60_000
    public var upstream = UpstreamTimeoutSettings()

    public init() {}
}
