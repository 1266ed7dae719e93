/// What one worker's pool of one upstream holds at a moment.
public struct PoolCounts: Sendable, Equatable {
    /// Connections, those that are being opened included.
    public var connections = 0
    public var connecting = 0
    /// Open connections that carry no request.
    public var idle = 0
    /// Requests that hold a stream.
    public var active = 0
    /// Requests that wait for one.
    public var waiting = 0
    public var endpoints = 0
    /// Endpoints that are neither ejected nor found unhealthy.
    public var fitEndpoints = 0

    public init() {}
}
