import Errors
import HTTP
import Kernel
import Upstream

/// The connections of one worker to one upstream: performs what the pool's machine decides.
final class UpstreamPool {
    let target: UpstreamTarget
    private let core: Core
    private var machine: PoolStateMachine
    /// Where the name leads, as resolved last; tried in turn.
    var addresses: [SocketAddress]
    private var nextAddress = 0
    /// By the slot of their id.
    private var connections: [UpstreamConnection?] = []
    /// Exchanges under way for the second time: bounded, so that a failing upstream is not asked
    /// twice as often (docs/decisions/0007).
    private var retries = 0
    private var isPumping = false

    init(_ target: UpstreamTarget, addresses: [SocketAddress], core: Core) {
        self.target = target
        self.addresses = addresses
        self.core = core
        let isMultiplexed: Bool? =
            switch target.speech {
            case .http1: false
            case .http2: true
            case .negotiated: nil
            }
        machine = PoolStateMachine(limits: target.limits, isMultiplexed: isMultiplexed)
    }

    var isIdle: Bool { machine.isIdle }

    /// Gives the exchange a stream now or later, or fails it.
    func serve(_ exchange: Exchange) {
        if let lease = machine.lease() {
            exchange.leased(lease, from: self)
            return
        }
        guard !addresses.isEmpty else {
            exchange.fail(.upstreamFailed(.unreachable))
            return
        }
        guard machine.enqueue(exchange.token.rawValue) else {
            exchange.fail(.overloaded(retryAfterSeconds: 1))
            return
        }
        pump()
    }

    func cancel(_ exchange: Exchange) { machine.cancel(exchange.token.rawValue) }

    /// Whether one more request may be sent a second time now.
    func allowRetry() -> Bool {
        guard retries < max(3, machine.active / 5) else { return false }
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
            if mustClose { connection.close() } else { connection.noteUse() }
        }
        pump()
    }

    // MARK: What connections report

    func opened(_ connection: UpstreamConnection, capacity: Int) {
        machine.opened(connection.id, capacity: capacity)
        pump()
    }

    func failedToOpen(_ connection: UpstreamConnection, _ failure: UpstreamFailure) {
        forget(connection)
        let count = machine.failedToOpen(connection.id)
        for _ in 0..<count {
            guard let waiter = machine.failWaiter() else { break }
            core.exchanges[Token(rawValue: waiter)]?.fail(.upstreamFailed(failure))
        }
        pump()
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

    /// The next address to try; every attempt starts with the one behind the last.
    func rotateAddress() -> SocketAddress? {
        guard !addresses.isEmpty else { return nil }
        nextAddress = (nextAddress + 1) % addresses.count
        return addresses[nextAddress]
    }

    /// Ends every connection that carries nothing, because the worker is leaving.
    func closeIdle() {
        for case let connection? in connections where machine.isUnused(connection.id) {
            connection.close()
        }
    }

    /// Serves those who wait as far as that goes now. What happens meanwhile, a connection that
    /// fails at once or a request that is refused, comes back here and is left to the call under
    /// way: a long queue must not become a deep stack.
    private func pump() {
        guard !isPumping else { return }
        isPumping = true
        while assignNext() || openNext() {}
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
        guard let id = machine.nextToOpen() else { return false }
        let connection = core.openConnection(id, of: self)
        let slot = Int(id.slot)
        while connections.count <= slot { connections.append(nil) }
        connections[slot] = connection
        connection.start()
        return true
    }

    private func giveBackUnused(_ lease: consuming Lease) {
        _ = machine.giveBack(lease, isReusable: true)
    }
}
