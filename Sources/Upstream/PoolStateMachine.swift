import Kernel

/// Decides which connection to which endpoint serves which request, when one is opened and who has
/// to wait. It holds no socket; the driver opens and closes what it names.
///
///     connecting ──opened──▶ open (spare streams: ready) ──goingAway──▶ draining
///         └─failedToOpen─┐         └────────── closed ────────┐             │
///                        ▼                                    ▼◀────────────┘
///                       slot is free, its generation moves on
///
/// The rules it exists for: a request waits only while no usable endpoint has a stream to spare and
/// a connection is being opened for it or a stream will come free. An endpoint that is chosen and
/// has nothing to spare gets a connection in advance while another one serves the request. And an
/// attempt that failed at every endpoint fails as many waiters as it had been opened for, never
/// more.
public struct PoolStateMachine: ~Copyable {
    /// How far a connection has come.
    private enum Phase { case free, connecting, open, draining }

    private struct Slot {
        var phase = Phase.free
        var generation: UInt32 = 0
        var endpoint = 0
        /// Endpoints at which this attempt failed, one bit each.
        var tried: UInt64 = 0
        /// Nobody waits for it.
        var isInAdvance = false
        /// Streams the connection can carry at once.
        var capacity = 0
        var leased = 0
        /// The slot is linked into its endpoint's ready slots.
        var isReady = false
        var above: Int32 = -1
        var below: Int32 = -1
    }

    /// What becomes of an attempt that failed at one endpoint.
    public enum OnFailedToOpen: Equatable, Sendable {
        /// The same attempt goes on there.
        case tryNext(endpoint: Int)
        /// It is over. So many waiters it had been meant for: take them with `failWaiter`.
        case giveUp(waiters: Int)
    }

    private let limits: PoolLimits
    /// Who may be used. The driver reports here how requests went.
    public var endpoints: EndpointSet
    private var slots: [Slot] = []
    private var free: [Int32] = []
    /// For each endpoint the slot with spare streams that was used last; below it are those used
    /// longer ago: idle connections at the bottom grow old.
    private var ready: [Int32]
    private var waiters = WaitingLine()
    /// Attempts for which somebody waits.
    private var connecting = 0
    /// Attempts for which nobody waits.
    private var connectingInAdvance = 0
    private var living = 0
    /// Open connections without a lease.
    private var idle = 0
    public private(set) var active = 0
    /// Streams a new connection is expected to carry: 1 until a peer was seen to multiplex.
    private var expectedStreams: Int
    /// An endpoint that was chosen and had no stream to spare while another had.
    private var unconnected = EndpointSet.none
    /// Where the next attempt should not go, because a request has just failed there.
    private var avoided = EndpointSet.none

    /// `isMultiplexed`: nil while the protocol is not known before the first connection is open;
    /// one connection is opened then and the others wait to learn what it speaks.
    public init(
        limits: PoolLimits, isMultiplexed: Bool?, endpoints: EndpointSet = EndpointSet()
    ) {
        self.limits = limits
        self.endpoints = endpoints
        ready = Array(repeating: -1, count: endpoints.count)
        expectedStreams = isMultiplexed == false ? 1 : 100
    }

    public var waiting: Int { waiters.count }
    public var isIdle: Bool { active == 0 && waiting == 0 }

    public var counts: PoolCounts {
        var counts = PoolCounts()
        counts.connections = living
        counts.connecting = connecting + connectingInAdvance
        counts.idle = idle
        counts.active = active
        counts.waiting = waiting
        counts.endpoints = endpoints.count
        for index in 0..<endpoints.count where endpoints.isFit(index) { counts.fitEndpoints += 1 }
        return counts
    }

    // MARK: Requests

    /// A stream at once, when one is spare and nobody waits for it. Ask `nextToOpen` afterwards if
    /// `wantsConnection`.
    public mutating func lease(
        at now: Instant, avoiding avoided: Int = EndpointSet.none
    ) -> Lease? {
        guard waiting == 0, active < limits.active else { return nil }
        let choice = endpoints.choose(at: now, avoiding: avoided)
        if ready[choice] >= 0 { return takeSpare(of: choice) }
        if endpoints.count == 1 { return nil }
        let other = spareEndpoint(avoiding: avoided)
        // Nobody who waits is sent to an endpoint that is being probed; it is connected in advance.
        if other != nil || !endpoints.isUsable(choice) { unconnected = choice }
        return other.map { takeSpare(of: $0) }
    }

    /// Whether a connection is wanted that no waiter asks for.
    public var wantsConnection: Bool { unconnected >= 0 }

    /// Queues a request; nil when the queue or the active requests are at their bound.
    public mutating func enqueue(
        _ waiter: UInt64, avoiding avoided: Int = EndpointSet.none
    ) -> WaitingTicket? {
        // Those for whom a connection is opened, now or at once, do not count as pending.
        let attempts = connecting + (living < limits.connections ? 1 : 0)
        let pending = waiting - attempts * expectedStreams
        guard pending < limits.pending, active < limits.active else { return nil }
        if avoided >= 0 { self.avoided = avoided }
        return waiters.join(waiter)
    }

    /// The waiter left before it was served.
    public mutating func cancel(_ ticket: WaitingTicket) { waiters.leave(ticket) }

    /// The next waiter that can be served. Call it until nil after every event.
    public mutating func assign() -> Assignment? {
        guard waiting > 0, active < limits.active,
            let endpoint = spareEndpoint(avoiding: EndpointSet.none),
            let waiter = waiters.popFirst()
        else { return nil }
        return Assignment(waiter: waiter, lease: takeSpare(of: endpoint))
    }

    /// Takes the one who waits longest out of the queue, to be told that it failed.
    public mutating func failWaiter() -> UInt64? { waiters.popFirst() }

    /// The stream is free again. `isReusable`: the connection can carry another one.
    /// Returns true when the driver must close the connection because it is draining and empty.
    public mutating func giveBack(_ lease: consuming Lease, isReusable: Bool) -> Bool {
        endpoints.left(lease.endpoint)
        let id = lease.end()
        active -= 1
        guard let index = find(id) else { return false }
        slots[index].leased -= 1
        if slots[index].leased == 0 { idle += 1 }
        if !isReusable, slots[index].phase == .open { drain(index) }
        markReady(index)
        return slots[index].phase == .draining && slots[index].leased == 0
    }

    // MARK: Connections

    /// The next connection to open. Call it until nil after every event.
    public mutating func nextToOpen(at now: Instant) -> Opening? {
        let (inAdvance, avoided) = (unconnected, avoided)
        unconnected = EndpointSet.none
        self.avoided = EndpointSet.none
        guard living < limits.connections else { return nil }
        if inAdvance >= 0, ready[inAdvance] < 0, !isConnecting(to: inAdvance) {
            connectingInAdvance += 1
            return open(inAdvance, isInAdvance: true)
        }
        guard waiting > connecting * expectedStreams else { return nil }
        let endpoint = endpoints.chooseUsable(avoiding: avoided)
        connecting += 1
        return open(endpoint, isInAdvance: false)
    }

    /// A connection that carries nothing, leads to an endpoint that is left out, and takes the room
    /// of one that could be opened for those who wait: to be closed. Call it until nil after every
    /// event.
    public func nextToClose() -> ConnectionID? {
        guard living >= limits.connections, waiting > connecting * expectedStreams else {
            return nil
        }
        for endpoint in 0..<endpoints.count where !endpoints.isUsable(endpoint) {
            var index = ready[endpoint]
            while index >= 0 {
                let slot = slots[Int(index)]
                if slot.leased == 0 {
                    return ConnectionID(slot: index, generation: slot.generation)
                }
                index = slot.below
            }
        }
        return nil
    }

    private func isConnecting(to endpoint: Int) -> Bool {
        guard connecting + connectingInAdvance > 0 else { return false }
        return slots.contains { $0.phase == .connecting && $0.endpoint == endpoint }
    }

    private mutating func open(_ endpoint: Int, isInAdvance: Bool) -> Opening {
        let index: Int32
        if let reused = free.popLast() {
            index = reused
        } else {
            index = Int32(slots.count)
            slots.append(Slot())
        }
        let generation = slots[Int(index)].generation
        slots[Int(index)] = Slot(
            phase: .connecting, generation: generation, endpoint: endpoint,
            isInAdvance: isInAdvance)
        living += 1
        endpoints.took(endpoint)
        let id = ConnectionID(slot: index, generation: generation)
        return Opening(connection: id, endpoint: endpoint)
    }

    /// The connection can be used, for `capacity` streams at once.
    public mutating func opened(_ id: ConnectionID, capacity: Int, at now: Instant) {
        guard let index = find(id), slots[index].phase == .connecting else { return }
        endAttempt(index)
        slots[index].phase = .open
        idle += 1
        slots[index].capacity = capacity
        expectedStreams = max(1, capacity)
        endpoints.connected(slots[index].endpoint, at: now)
        markReady(index)
    }

    /// The attempt failed at its endpoint.
    public mutating func failedToOpen(_ id: ConnectionID) -> OnFailedToOpen {
        guard let index = find(id), slots[index].phase == .connecting else {
            return .giveUp(waiters: 0)
        }
        let isInAdvance = slots[index].isInAdvance
        let others = connecting - (isInAdvance ? 0 : 1)
        let meant =
            isInAdvance ? 0 : min(expectedStreams, max(0, waiting - others * expectedStreams))
        if meant > 0, let next = nextUntried(index) {
            endpoints.left(slots[index].endpoint)
            endpoints.took(next)
            slots[index].endpoint = next
            return .tryNext(endpoint: next)
        }
        endAttempt(index)
        release(index)
        return .giveUp(waiters: meant)
    }

    private mutating func nextUntried(_ index: Int) -> Int? {
        slots[index].tried |= 1 << UInt64(slots[index].endpoint)
        let tried = slots[index].tried
        return endpoints.lightest { tried & 1 << UInt64($0) == 0 }
    }

    /// The peer changed how many streams it takes at once.
    public mutating func capacityChanged(_ id: ConnectionID, to capacity: Int) {
        guard let index = find(id), slots[index].phase == .open else { return }
        slots[index].capacity = capacity
        markReady(index)
    }

    /// No new stream may be opened there. Returns true when it can be closed at once.
    public mutating func goingAway(_ id: ConnectionID) -> Bool {
        guard let index = find(id) else { return false }
        if slots[index].phase == .connecting { return false }
        drain(index)
        return slots[index].leased == 0
    }

    /// The connection is gone. Leases on it are given back by those who hold them, before or after.
    public mutating func closed(_ id: ConnectionID) {
        guard let index = find(id) else { return }
        if slots[index].phase == .connecting { endAttempt(index) }
        release(index)
    }

    /// Whether the connection carries nothing, so that it may be closed for having been idle.
    public func isUnused(_ id: ConnectionID) -> Bool {
        guard let index = find(id) else { return false }
        return slots[index].leased == 0 && slots[index].phase != .connecting
    }

    // MARK: Slots

    private func find(_ id: ConnectionID) -> Int? {
        let index = Int(id.slot)
        guard index < slots.count, slots[index].generation == id.generation,
            slots[index].phase != .free
        else { return nil }
        return index
    }

    private mutating func endAttempt(_ index: Int) {
        if slots[index].isInAdvance { connectingInAdvance -= 1 } else { connecting -= 1 }
        endpoints.left(slots[index].endpoint)
    }

    private mutating func release(_ index: Int) {
        if slots[index].phase != .connecting, slots[index].leased == 0 { idle -= 1 }
        unlink(index)
        slots[index].phase = .free
        slots[index].generation &+= 1
        living -= 1
        free.append(Int32(index))
    }

    private mutating func drain(_ index: Int) {
        slots[index].phase = .draining
        unlink(index)
    }

    /// The usable endpoint with a stream to spare that has least to do.
    private func spareEndpoint(avoiding avoided: Int) -> Int? {
        endpoints.lightest { ready[$0] >= 0 && $0 != avoided }
    }

    /// Takes a stream of the slot that `ready` names.
    private mutating func takeSpare(of endpoint: Int) -> Lease {
        let top = ready[endpoint]
        let index = Int(top)
        if slots[index].leased == 0 { idle -= 1 }
        slots[index].leased += 1
        active += 1
        endpoints.took(endpoint)
        if slots[index].leased >= slots[index].capacity { unlink(index) }
        let id = ConnectionID(slot: top, generation: slots[index].generation)
        return Lease(connection: id, endpoint: endpoint)
    }

    /// Links the slot on top of its endpoint's, or takes it out, as its streams say.
    private mutating func markReady(_ index: Int) {
        guard slots[index].phase == .open, slots[index].leased < slots[index].capacity else {
            unlink(index)
            return
        }
        guard !slots[index].isReady else { return }
        let top = ready[slots[index].endpoint]
        slots[index].isReady = true
        slots[index].below = top
        slots[index].above = -1
        if top >= 0 { slots[Int(top)].above = Int32(index) }
        ready[slots[index].endpoint] = Int32(index)
    }

    private mutating func unlink(_ index: Int) {
        guard slots[index].isReady else { return }
        let (above, below) = (slots[index].above, slots[index].below)
        if above >= 0 {
            slots[Int(above)].below = below
        } else {
            ready[slots[index].endpoint] = below
        }
        if below >= 0 { slots[Int(below)].above = above }
        slots[index].isReady = false
        slots[index].above = -1
        slots[index].below = -1
    }
}
