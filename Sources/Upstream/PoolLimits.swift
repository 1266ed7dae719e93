/// Bounds of one pool, already divided among the workers.
public struct PoolLimits: Sendable {
    public var connections: Int
    /// Requests that may wait for a stream.
    public var pending: Int
    /// Requests that may hold a stream.
    public var active: Int

    public init(connections: Int = 1024, pending: Int = 1024, active: Int = 1024) {
        self.connections = connections
        self.pending = pending
        self.active = active
    }
}
