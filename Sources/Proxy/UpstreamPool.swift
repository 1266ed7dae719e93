import Errors
import HTTP
import Kernel
import Telemetry
import Upstream

/// The connections of one worker to one upstream: performs what the pool's machine decides.
final class UpstreamPool {
    let target: UpstreamTarget
    let core: Core
    var machine: PoolStateMachine
    /// Where the name of each endpoint leads, as resolved last.
    var addresses: [AddressList]
    /// By the slot of their id.
    private(set) var connections: [UpstreamConnection?] = []
    /// Exchanges under way for the second time: bounded, so that a failing upstream is not asked
    /// twice as often (docs/decisions/0007).
    private(set) var retries = 0
    private var isPumping = false
    /// Another pool serves what begins from now on, and this one those who have it already.
    private var isRetired = false
    private var told = MetricRecorder.PoolReading()

    /// `addresses`: of each endpoint, in the order of the target's. `former`: the pool of the same
    /// upstream so far.
    init(
        _ target: UpstreamTarget, addresses: [[SocketAddress]], core: Core,
        after former: UpstreamPool? = nil
    ) {
        self.target = target
        self.addresses = target.endpoints.indices.map { index in
            AddressList(
                index < addresses.count ? addresses[index] : [],
                shunMilliseconds: target.ejection.milliseconds)
        }
        self.core = core
        let isMultiplexed: Bool? =
            switch target.speech {
            case .http1: false
            case .http2: true
            case .negotiated: nil
            }
        machine = PoolStateMachine(
            limits: target.limits, isMultiplexed: isMultiplexed,
            endpoints: EndpointSet(
                weights: target.endpoints.map(\.weight), rules: target.ejection,
                seed: core.random.next()))
        if let former { takeOver(former) }
    }

    /// Serves nobody who comes from now on: who is here already still gets a connection, and each
    /// ends when nobody needs it.
    func retire() {
        isRetired = true
        pump()
    }

    var isIdle: Bool { machine.isIdle }
    var counts: PoolCounts { machine.counts }

    /// What the pool holds now, for the metrics.
    var reading: MetricRecorder.PoolReading {
        let counts = machine.counts
        var reading = MetricRecorder.PoolReading()
        reading.connecting = counts.connecting
        reading.idle = counts.idle
        reading.busy = counts.connections - counts.connecting - counts.idle
        reading.activeRequests = counts.active
        reading.pendingRequests = counts.waiting
        guard !isRetired else { return reading }
        reading.fitEndpoints = counts.fitEndpoints
        reading.unfitEndpoints = counts.endpoints - counts.fitEndpoints
        return reading
    }

    func tell(_ metrics: MetricRecorder) {
        let reading = reading
        metrics.pool(target.number, reading, before: told)
        told = reading
    }

    /// Gives the exchange a stream now or later, or fails it. `avoided`: the endpoint at which it
    /// has just failed.
    func serve(_ exchange: Exchange, avoiding avoided: Int = EndpointSet.none) {
        if let lease = machine.lease(at: core.now.monotonic, avoiding: avoided) {
            exchange.leased(lease, from: self)
            if machine.wantsConnection { pump() }
            return
        }
        guard !addresses.allSatisfy(\.isEmpty) else {
            exchange.failUnreached(.upstreamFailed(.unreachable))
            return
        }
        guard let ticket = machine.enqueue(exchange.token.rawValue, avoiding: avoided) else {
            exchange.failUnreached(.overloaded(retryAfterSeconds: 1))
            return
        }
        exchange.ticket = ticket
        pump()
    }

    func cancel(_ exchange: Exchange) {
        if let ticket = exchange.ticket { machine.cancel(ticket) }
        exchange.ticket = nil
    }

    /// Whether one more request may be sent a second time now.
    func allowRetry() -> Bool {
        guard target.retries.allows(retries, active: machine.active) else { return false }
        retries += 1
        return true
    }

    func endRetry() { retries -= 1 }

    func connection(of lease: borrowing Lease) -> UpstreamConnection? {
        find(lease.connection)
    }

    private func find(_ id: ConnectionID) -> UpstreamConnection? {
        let slot = Int(id.slot)
        guard slot < connections.count, let found = connections[slot], found.id == id else {
            return nil
        }
        return found
    }

    private func forget(_ connection: UpstreamConnection) {
        if find(connection.id) != nil { connections[Int(connection.id.slot)] = nil }
    }

    func giveBack(_ lease: consuming Lease, isReusable: Bool) {
        let connection = find(lease.connection)
        let mustClose = machine.giveBack(lease, isReusable: isReusable)
        if let connection {
            if mustClose { connection.closeWhenWritten() } else { connection.noteUse() }
        }
        pump()
    }

    // MARK: What connections report

    func opened(_ connection: UpstreamConnection, capacity: Int) {
        machine.opened(connection.id, capacity: capacity, at: core.now.monotonic)
        // The name may have come to lead elsewhere meanwhile.
        if !leads(connection.endpoint, to: connection.address) { goingAway(connection) }
        pump()
    }

    /// The attempt failed at every address of its endpoint. Returns the endpoint to go on with; nil
    /// when the attempt is over.
    func failedToOpen(_ connection: UpstreamConnection, _ failure: UpstreamFailure) -> Int? {
        if !connection.isOwnFault { failed(connection.endpoint) }
        switch machine.failedToOpen(connection.id) {
        case .tryNext(let endpoint): return endpoint
        case .giveUp(let waiters):
            forget(connection)
            for _ in 0..<waiters {
                guard let waiter = machine.failWaiter() else { break }
                core.exchanges[Token(rawValue: waiter)]?.failUnreached(.upstreamFailed(failure))
            }
            pump()
            return nil
        }
    }

    func capacityChanged(_ connection: UpstreamConnection, to capacity: Int) {
        machine.capacityChanged(connection.id, to: capacity)
        pump()
    }

    /// No stream can be opened there before the connection reports its capacity again.
    func capacityIsUsedUp(_ connection: UpstreamConnection) {
        machine.capacityChanged(connection.id, to: 0)
    }

    func goingAway(_ connection: UpstreamConnection) {
        if machine.goingAway(connection.id) { connection.close() }
    }

    func closed(_ connection: UpstreamConnection) {
        forget(connection)
        machine.closed(connection.id)
        pump()
    }

    func isUnused(_ connection: UpstreamConnection) -> Bool { machine.isUnused(connection.id) }

    /// Ends every connection that carries nothing.
    func closeIdle() {
        for case let connection? in connections where machine.isUnused(connection.id) {
            connection.closeWhenWritten()
        }
    }

    /// Serves those who wait as far as that goes now. What happens meanwhile, a connection that
    /// fails at once or a request that is refused, comes back here and is left to the call under
    /// way: a long queue must not become a deep stack.
    func pump() {
        guard !isPumping else { return }
        isPumping = true
        while assignNext() || openNext() || closeNext() {}
        if isRetired { closeIdle() }
        isPumping = false
    }

    private func assignNext() -> Bool {
        guard let assignment = machine.assign() else { return false }
        let waiter = Token(rawValue: assignment.waiter)
        let lease = assignment.take()
        if let exchange = core.exchanges[waiter] {
            exchange.leased(lease, from: self)
        } else {
            giveBackUnused(lease)
        }
        return true
    }

    private func openNext() -> Bool {
        guard let opening = machine.nextToOpen(at: core.now.monotonic) else { return false }
        let connection = core.openConnection(opening, of: self)
        let slot = Int(opening.connection.slot)
        while connections.count <= slot { connections.append(nil) }
        connections[slot] = connection
        connection.start()
        return true
    }

    private func closeNext() -> Bool {
        guard let id = machine.nextToClose(), let connection = find(id) else { return false }
        connection.close()
        return true
    }

    private func giveBackUnused(_ lease: consuming Lease) {
        _ = machine.giveBack(lease, isReusable: true)
    }
}
