import Chance
import Kernel

@testable import Upstream

/// A pool driven by chance, and beside it what is known of it by simple bookkeeping.
///
/// Every step does one thing a driver may do and then settles, as a driver does: assigns and opens
/// until there is nothing left.
final class PoolGame {
    /// A lease cannot stand in an array by itself.
    final class Held {
        let connection: ConnectionID
        let endpoint: Int
        private var lease: Lease?
        init(_ lease: consuming Lease) {
            endpoint = lease.endpoint
            connection = lease.connection
            self.lease = consume lease
        }
        func take() -> Lease? { lease.take() }
    }

    struct Connection {
        var endpoint: Int
        /// Where the attempt has failed so far.
        var tried: Set<Int> = []
        var isOpen = false
        var isDraining = false
        var capacity = 0
        var leased = 0
    }

    private var random: SeededRandom
    private var machine: PoolStateMachine
    private let limits: PoolLimits
    private let isMultiplexed: Bool
    private let isKnown: Bool
    private var connections: [ConnectionID: Connection] = [:]
    private var held: [Held] = []
    private var waiters: [(waiter: UInt64, ticket: WaitingTicket)] = []
    private var nextWaiter: UInt64 = 1
    private var now = Instant(nanoseconds: 0)
    /// What went wrong first.
    private(set) var fault: String?
    private(set) var served = 0
    private(set) var failed = 0

    init(
        seed: UInt64, limits: PoolLimits, isMultiplexed: Bool, isKnown: Bool, endpoints: Int = 1
    ) {
        random = SeededRandom(seed: seed)
        self.limits = limits
        self.isMultiplexed = isMultiplexed
        self.isKnown = isKnown
        machine = PoolStateMachine(
            limits: limits, isMultiplexed: isKnown ? isMultiplexed : nil,
            endpoints: EndpointSet(
                weights: Array(1...endpoints), rules: EjectionRules(failures: 2), seed: seed))
    }

    func play(steps: Int) {
        for _ in 0..<steps where fault == nil { step() }
        var rounds = 0
        while fault == nil, !(waiters.isEmpty && held.isEmpty) {
            rounds += 1
            if rounds > 100_000 { return note("the game does not end") }
            windDown()
        }
        while let lease = held.popLast() { giveBack(lease, isReusable: true) }
        for id in connections.keys { machine.closed(id) }
    }

    private func note(_ text: String) { if fault == nil { fault = text } }

    private func step() {
        now = now.advanced(milliseconds: random.below(2_000))
        switch random.below(19) {
        case 0...5: ask()
        case 6...7: open()
        case 8: failToOpen()
        case 9...11: giveBackAny()
        case 12: cancel()
        case 13: goAway()
        case 14: close()
        case 15: machine.endpoints.succeeded(random.below(machine.endpoints.count))
        case 16: report(random.below(machine.endpoints.count))
        case 17: check(random.below(machine.endpoints.count), isHealthy: random.below(3) > 0)
        default: if isMultiplexed { changeCapacity() }
        }
        settle()
    }

    /// Connects what is being connected and gives back what is held, until nobody waits.
    private func windDown() {
        if let id = connecting.first {
            open(id)
        } else if !held.isEmpty {
            giveBackAny()
        } else {
            for (id, connection) in connections where connection.isOpen {
                setCapacity(id, isMultiplexed ? 3 : 1)
            }
        }
        settle()
    }

    // MARK: Moves

    private func ask() {
        let avoided = random.below(4) > 0 ? EndpointSet.none : random.below(machine.endpoints.count)
        let hasSpare = self.hasSpare
        if let lease = machine.lease(at: now, avoiding: avoided) {
            if !waiters.isEmpty { note("a newcomer overtook \(waiters.count) waiters") }
            take(lease)
            return
        }
        if hasSpare, avoided < 0, waiters.isEmpty, held.count < limits.active {
            note("nothing leased though a stream is spare")
        }
        let waiter = nextWaiter
        nextWaiter += 1
        let ticket = machine.enqueue(waiter, avoiding: avoided)
        if let ticket { waiters.append((waiter, ticket)) }
        if ticket == nil, held.count < limits.active, waiters.count < limits.pending {
            note("refused with \(waiters.count) waiting and \(held.count) active")
        }
        let canOpen = waiters.isEmpty && connections.count < limits.connections
        if ticket == nil, held.count < limits.active, canOpen {
            note("refused although a connection could be opened")
        }
    }

    private var connecting: [ConnectionID] {
        connections.filter { !$0.value.isOpen }.map(\.key).sorted { $0.slot < $1.slot }
    }

    private var opened: [ConnectionID] {
        connections.filter { $0.value.isOpen }.map(\.key).sorted { $0.slot < $1.slot }
    }

    private func pick(_ ids: [ConnectionID]) -> ConnectionID? {
        ids.isEmpty ? nil : ids[random.below(ids.count)]
    }

    private func open() { if let id = pick(connecting) { open(id) } }

    private func open(_ id: ConnectionID) {
        let capacity = isMultiplexed ? 1 + random.below(4) : 1
        connections[id]?.isOpen = true
        connections[id]?.capacity = capacity
        machine.opened(id, capacity: capacity, at: now)
    }

    private func failToOpen() {
        guard let id = pick(connecting), let endpoint = connections[id]?.endpoint else { return }
        report(endpoint)
        let count: Int
        switch machine.failedToOpen(id) {
        case .tryNext(let next):
            connections[id]?.tried.insert(endpoint)
            if connections[id]?.tried.contains(next) == true { note("tried there already") }
            connections[id]?.endpoint = next
            return
        case .giveUp(let waiters): count = waiters
        }
        connections[id] = nil
        if isKnown, !isMultiplexed, count > 1 { note("one failed attempt fails \(count)") }
        for _ in 0..<count {
            guard let waiter = machine.failWaiter() else { return note("fewer waiters than told") }
            served(waiter)
            failed += 1
        }
    }

    private func served(_ waiter: UInt64) {
        guard waiters.first?.waiter == waiter else { return note("\(waiter) out of turn or twice") }
        waiters.removeFirst()
    }

    private func take(_ lease: consuming Lease) {
        let (id, endpoint) = (lease.connection, lease.endpoint)
        held.append(Held(lease))
        served += 1
        guard let connection = connections[id], connection.isOpen else {
            return note("a lease on a connection that is not open")
        }
        if connection.endpoint != endpoint { note("a lease on another endpoint") }
        if connection.isDraining { note("a lease on a draining connection") }
        if connection.leased >= connection.capacity { note("more leases than streams") }
        connections[id]?.leased += 1
    }

    private func giveBackAny() {
        guard !held.isEmpty else { return }
        giveBack(held.remove(at: random.below(held.count)), isReusable: random.below(4) > 0)
    }

    private func giveBack(_ lease: Held, isReusable: Bool) {
        guard let taken = lease.take() else { return note("given back twice") }
        let id = lease.connection
        let mustClose = machine.giveBack(taken, isReusable: isReusable)
        connections[id]?.leased -= 1
        if !isReusable { connections[id]?.isDraining = true }
        let isEmptyDrain = connections[id].map { $0.isDraining && $0.leased == 0 } ?? false
        if mustClose != isEmptyDrain { note("told to close: \(mustClose), not \(isEmptyDrain)") }
        if mustClose { drop(id) }
    }

    private func drop(_ id: ConnectionID) {
        connections[id] = nil
        machine.closed(id)
    }

    private func cancel() {
        guard !waiters.isEmpty else { return }
        machine.cancel(waiters.remove(at: random.below(waiters.count)).ticket)
    }

    private func goAway() {
        guard let id = pick(opened) else { return }
        connections[id]?.isDraining = true
        if machine.goingAway(id) { drop(id) }
    }

    private func report(_ endpoint: Int) {
        if machine.endpoints.failed(endpoint, at: now) { retire(endpoint) }
    }

    private func check(_ endpoint: Int, isHealthy: Bool) {
        if machine.endpoints.setHealthy(endpoint, isHealthy) { retire(endpoint) }
    }

    /// What the driver does when an endpoint is left out.
    private func retire(_ endpoint: Int) {
        for id in opened where connections[id]?.endpoint == endpoint {
            connections[id]?.isDraining = true
            if machine.goingAway(id) { drop(id) }
        }
    }

    private func close() { if let id = pick(Array(opened + connecting)) { drop(id) } }

    private func changeCapacity() {
        if let id = pick(opened) { setCapacity(id, random.below(5)) }
    }

    private func setCapacity(_ id: ConnectionID, _ capacity: Int) {
        connections[id]?.capacity = capacity
        machine.capacityChanged(id, to: capacity)
    }

    // MARK: What must hold

    private func settle() {
        while let assignment = machine.assign() {
            served(assignment.waiter)
            take(assignment.take())
        }
        repeat {
            while let opening = machine.nextToOpen(at: now) {
                let id = opening.connection
                if connections[id] != nil { note("a living connection is opened again") }
                connections[id] = Connection(endpoint: opening.endpoint)
            }
        } while closeSurplus()
        if machine.active != held.count { note("\(machine.active) active, not \(held.count)") }
        if machine.waiting != waiters.count { note("\(machine.waiting) waiting, not as known") }
        checkCounts()
        if connections.count > limits.connections { note("too many connections") }
        if held.count > limits.active { note("too many active") }
        if !waiters.isEmpty, connecting.isEmpty, held.count < limits.active {
            if hasSpare { note("a stream is spare and \(waiters.count) wait") }
            if connections.count < limits.connections { note("nobody connects for a waiter") }
        }
        checkLoads()
    }

    private func closeSurplus() -> Bool {
        guard let id = machine.nextToClose(), let connection = connections[id] else { return false }
        if connection.leased > 0 || machine.endpoints.isUsable(connection.endpoint) {
            note("a useful connection makes room")
        }
        drop(id)
        return true
    }

    private var hasSpare: Bool {
        connections.values.contains {
            $0.isOpen && !$0.isDraining && $0.leased < $0.capacity
                && machine.endpoints.isUsable($0.endpoint)
        }
    }

    private func checkLoads() {
        for index in 0..<machine.endpoints.count {
            let leases = held.count { $0.endpoint == index }
            let attempts = connections.values.count { $0.endpoint == index && !$0.isOpen }
            let load = machine.endpoints.load(of: index)
            if load != leases + attempts { note("endpoint \(index) carries \(load), not as known") }
        }
    }

    private func checkCounts() {
        var known = PoolCounts()
        known.connections = connections.count
        known.connecting = connecting.count
        known.idle = connections.values.count { $0.isOpen && $0.leased == 0 }
        known.active = held.count
        known.waiting = waiters.count
        known.endpoints = machine.counts.endpoints
        known.fitEndpoints = machine.counts.fitEndpoints
        if machine.counts != known { note("counts \(machine.counts), not \(known)") }
    }
}
