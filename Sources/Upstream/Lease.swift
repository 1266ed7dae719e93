/// Names one connection of one pool: a slot and how often the slot was used before.
public struct ConnectionID: Hashable, Sendable {
    public let slot: Int32
    public let generation: UInt32
}

/// The right to use one stream of one upstream connection.
///
/// It cannot be copied, so it cannot be given back twice; dropping it is a bug that debug builds
/// trap.
public struct Lease: ~Copyable {
    public let connection: ConnectionID
    /// Where the connection leads, by its place in the pool's endpoints.
    public let endpoint: Int

    init(connection: ConnectionID, endpoint: Int) {
        self.connection = connection
        self.endpoint = endpoint
    }

    /// Ends the lease. Only the pool calls it, when the stream is given back.
    consuming func end() -> ConnectionID {
        let connection = self.connection
        discard self
        return connection
    }

    deinit { assertionFailure("a lease was dropped instead of given back") }
}

/// A stream for someone who waited for one.
public struct Assignment: ~Copyable {
    public let waiter: UInt64
    private let held: Lease

    init(waiter: UInt64, lease: consuming Lease) {
        self.waiter = waiter
        self.held = lease
    }

    public consuming func take() -> Lease { held }
}
