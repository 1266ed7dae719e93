import Kernel

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

/// Decides which upstream connection serves which request, when one is opened and who has to wait.
/// It holds no socket; the driver opens and closes what it names.
///
///     connecting ──opened──▶ open (spare streams: ready) ──goingAway──▶ draining
///         └─failedToOpen─┐         └────────── closed ────────┐             │
///                        ▼                                    ▼◀────────────┘
///                       slot is free, its generation moves on
///
/// The rule it exists for: a request waits only while a connection is being opened for it or a
/// stream will come free, and a failed attempt fails as many waiters as it had been opened for,
/// never more.
public struct PoolStateMachine: ~Copyable {
    /// How far a connection has come.
    private enum Phase { case free, connecting, open, draining }

    private struct Slot {
        var phase = Phase.free
        var generation: UInt32 = 0
        /// Streams the connection can carry at once.
        var capacity = 0
        var leased = 0
        /// The slot stands in `ready`.
        var isReady = false
    }

    private let limits: PoolLimits
    private var slots: [Slot] = []
    private var free: [Int32] = []
    /// Slots with spare streams, the most recently used last: idle connections at the bottom grow
    /// old.
    private var ready: [Int32] = []
    private var waiters: [UInt64] = []
    private var firstWaiter = 0
    private var connecting = 0
    private var living = 0
    public private(set) var active = 0
    /// Streams a new connection is expected to carry: 1 until a peer was seen to multiplex.
    private var expectedStreams: Int

    /// `isMultiplexed`: nil while the protocol is not known before the first connection is open;
    /// one connection is opened then and the others wait to learn what it speaks.
    public init(limits: PoolLimits, isMultiplexed: Bool?) {
        self.limits = limits
        expectedStreams = isMultiplexed == false ? 1 : 100
    }

    public var waiting: Int { waiters.count - firstWaiter }
    public var isIdle: Bool { active == 0 && waiting == 0 }

    /// A stream at once, when one is spare and nobody waits for it.
    public mutating func lease() -> Lease? {
        guard waiting == 0, active < limits.active else { return nil }
        return takeSpare()
    }

    /// Queues a request; false when the queue or the active requests are at their bound.
    public mutating func enqueue(_ waiter: UInt64) -> Bool {
        // Those for whom a connection is being opened do not count as pending.
        let pending = waiting - connecting * expectedStreams
        guard pending < limits.pending, active < limits.active else { return false }
        waiters.append(waiter)
        return true
    }

    /// The waiter left before it was served.
    public mutating func cancel(_ waiter: UInt64) {
        guard let index = waiters[firstWaiter...].firstIndex(of: waiter) else { return }
        waiters.remove(at: index)
        compact()
    }

    /// The next waiter that can be served. Call it until nil after every event.
    public mutating func assign() -> Assignment? {
        guard waiting > 0, active < limits.active, let lease = takeSpare() else { return nil }
        return Assignment(waiter: popWaiter(), lease: lease)
    }

    /// The next connection to open for those who wait. Call it until nil after every event.
    public mutating func nextToOpen() -> ConnectionID? {
        guard waiting > connecting * expectedStreams, living < limits.connections else {
            return nil
        }
        let index: Int32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = Int32(slots.count)
            slots.append(Slot())
        }
        slots[Int(index)].phase = .connecting
        slots[Int(index)].capacity = 0
        slots[Int(index)].leased = 0
        connecting += 1
        living += 1
        return ConnectionID(slot: index, generation: slots[Int(index)].generation)
    }

    /// The connection can be used, for `capacity` streams at once.
    public mutating func opened(_ id: ConnectionID, capacity: Int) {
        guard let index = find(id), slots[index].phase == .connecting else { return }
        connecting -= 1
        slots[index].phase = .open
        slots[index].capacity = capacity
        expectedStreams = max(1, capacity)
        markReady(index)
    }

    /// The attempt ended. Returns how many waiters it had been meant for: take them with
    /// `failWaiter`.
    public mutating func failedToOpen(_ id: ConnectionID) -> Int {
        guard let index = find(id), slots[index].phase == .connecting else { return 0 }
        connecting -= 1
        release(index)
        return min(expectedStreams, max(0, waiting - connecting * expectedStreams))
    }

    /// Takes the one who waits longest out of the queue, to be told that it failed.
    public mutating func failWaiter() -> UInt64? {
        waiting > 0 ? popWaiter() : nil
    }

    /// The peer changed how many streams it takes at once.
    public mutating func capacityChanged(_ id: ConnectionID, to capacity: Int) {
        guard let index = find(id), slots[index].phase == .open else { return }
        slots[index].capacity = capacity
        markReady(index)
    }

    /// The stream is free again. `isReusable`: the connection can carry another one.
    /// Returns true when the driver must close the connection because it is draining and empty.
    public mutating func giveBack(_ lease: consuming Lease, isReusable: Bool) -> Bool {
        let id = lease.end()
        active -= 1
        guard let index = find(id) else { return false }
        slots[index].leased -= 1
        if !isReusable, slots[index].phase == .open { slots[index].phase = .draining }
        markReady(index)
        return slots[index].phase == .draining && slots[index].leased == 0
    }

    /// No new stream may be opened there. Returns true when it can be closed at once.
    public mutating func goingAway(_ id: ConnectionID) -> Bool {
        guard let index = find(id) else { return false }
        if slots[index].phase == .connecting { return false }
        slots[index].phase = .draining
        return slots[index].leased == 0
    }

    /// The connection is gone. Leases on it are given back by those who hold them, before or after.
    public mutating func closed(_ id: ConnectionID) {
        guard let index = find(id) else { return }
        if slots[index].phase == .connecting { connecting -= 1 }
        release(index)
    }

    /// Whether the connection carries nothing, so that it may be closed for having been idle.
    public func isUnused(_ id: ConnectionID) -> Bool {
        guard let index = find(id) else { return false }
        return slots[index].leased == 0 && slots[index].phase != .connecting
    }

    private func find(_ id: ConnectionID) -> Int? {
        let index = Int(id.slot)
        guard index < slots.count, slots[index].generation == id.generation,
            slots[index].phase != .free
        else { return nil }
        return index
    }

    private mutating func release(_ index: Int) {
        slots[index].phase = .free
        slots[index].generation &+= 1
        living -= 1
        // A slot that still stands in `ready` is put back by `takeSpare`, which would otherwise
        // meet it twice.
        if !slots[index].isReady { free.append(Int32(index)) }
    }

    private mutating func markReady(_ index: Int) {
        guard slots[index].phase == .open, !slots[index].isReady,
            slots[index].leased < slots[index].capacity
        else { return }
        slots[index].isReady = true
        ready.append(Int32(index))
    }

    private mutating func takeSpare() -> Lease? {
        while let top = ready.last {
            let index = Int(top)
            let slot = slots[index]
            if slot.phase == .open, slot.leased < slot.capacity {
                slots[index].leased += 1
                active += 1
                if slot.leased + 1 >= slot.capacity { dropReady(index) }
                return Lease(connection: ConnectionID(slot: top, generation: slot.generation))
            }
            dropReady(index)
            if slot.phase == .free { free.append(top) }
        }
        return nil
    }

    private mutating func dropReady(_ index: Int) {
        ready.removeLast()
        slots[index].isReady = false
    }

    private mutating func popWaiter() -> UInt64 {
        let waiter = waiters[firstWaiter]
        firstWaiter += 1
        compact()
        return waiter
    }

    private mutating func compact() {
        if firstWaiter == waiters.count {
            waiters.removeAll(keepingCapacity: waiters.capacity <= 1024)
            firstWaiter = 0
        } else if firstWaiter > 256, firstWaiter * 2 > waiters.count {
            waiters.removeFirst(firstWaiter)
            firstWaiter = 0
        }
    }
}
