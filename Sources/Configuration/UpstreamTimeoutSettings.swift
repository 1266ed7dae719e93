/// How long each step towards the upstream may take, in milliseconds.
public struct UpstreamTimeoutSettings: Sendable, Equatable {
    public var connect = 5_000
    public var tls = 5_000
    public var firstByte = 600_000
    public var idle = 300_000
    public var poolIdle = 30_000

    public init() {}
}
