import Kernel
import Proxy
import Telemetry

/// What a worker is made of: everything in it may cross into the worker's thread.
struct WorkerPlan: Sendable {
    let index: Int
    let snapshot: Snapshot
    /// Of the endpoints of the snapshot's upstreams.
    let addresses: [[[SocketAddress]]]
    let sockets: Allotment
    /// Of the listeners, in their order.
    let traits: [ListenerTraits]
    let mailbox: Mailbox
    let log: AccessLogQueue?
    let metrics: MetricRegistry?
    let spinMicroseconds: Int
    let isPinned: Bool
}

/// A thread and all it owns: poller, listeners, sessions, upstream connections. It shares nothing
/// with the other workers but the counters of the limits; letters come through its mailbox.
final class Worker {
    private let plan: WorkerPlan
    private let poller: Poller
    private let network: PollerNetwork
    private let core: Core
    private var spin: Spin
    /// Of the listeners, in their order: for connections that come from now on.
    private var traits: [ListenerTraits]
    private var places: [ListenerSockets.Place]
    private var acceptable: [Int] = []
    private var accepts: UInt = 0
    /// Accepting rests until then, because no descriptor or no place was left.
    private var restUntil: Instant?
    private var isListening = true
    private var upstreamEvents: [(Token, Readiness)] = []
    private var sessionEvents: [(Token, Readiness)] = []

    init(_ plan: WorkerPlan) throws(SystemFault) {
        self.plan = plan
        poller = try Poller()
        network = PollerNetwork(poller)
        spin = Spin(microseconds: plan.spinMicroseconds)
        traits = plan.traits
        places = plan.sockets.take()
        core = Core(
            snapshot: plan.snapshot, addresses: plan.addresses, network: network,
            log: plan.log?.makeOutbox(),
            metrics: plan.metrics?.makeRecorder(worker: plan.index), now: .now())
        let mailboxToken = Token(.mailbox, slot: 0)
        try poller.watchLevel(plan.mailbox.descriptor, token: mailboxToken.rawValue)
        try listen()
    }

    /// Works until the worker has drained.
    func run() {
        if plan.isPinned { Process.pinThread(to: plan.index) }
        var hasMore = false
        while !core.isDone {
            let ready = wait(hasMore: hasMore)
            core.beginTurn(.now())
            sort(ready)
            for (token, readiness) in upstreamEvents { core.ready(token, readiness) }
            for (token, readiness) in sessionEvents { core.ready(token, readiness) }
            acceptOne()
            hasMore = core.endTurn()
            core.turnEnded(nanoseconds: Instant.now().since(core.now.monotonic))
        }
        core.end()
    }

    // MARK: Waiting

    private func wait(hasMore: Bool) -> Int {
        if hasMore { return poller.wait(milliseconds: 0) }
        let began = core.now.monotonic
        if spin.isWorthwhile {
            while true {
                let ready = poller.wait(milliseconds: 0)
                let elapsed = Moment.now().monotonic.since(began)
                if ready > 0 {
                    spin.observed(elapsed)
                    return ready
                }
                if elapsed >= spin.budget { break }
            }
        }
        let ready = poller.wait(milliseconds: patience())
        spin.observed(Moment.now().monotonic.since(began))
        return ready
    }

    /// How long nothing has to happen: until the next deadline, rounded up.
    private func patience() -> Int32 {
        var next = core.nextDue
        if let restUntil { next = min(next ?? restUntil, restUntil) }
        guard let next else { return -1 }
        let wait = next.since(Moment.now().monotonic)
        return Int32(clamping: (wait + 999_999) / 1_000_000)
    }

    /// Upstreams before clients: a pooled connection that has just died is known to be dead before
    /// a request is sent on it.
    private func sort(_ count: Int) {
        upstreamEvents.removeAll(keepingCapacity: true)
        sessionEvents.removeAll(keepingCapacity: true)
        acceptable.removeAll(keepingCapacity: true)
        for index in 0..<count {
            let (value, readiness) = poller.event(index)
            let token = Token(rawValue: value)
            switch token.kind {
            case .upstreamConnection: upstreamEvents.append((token, readiness))
            case .session: sessionEvents.append((token, readiness))
            case .listener: acceptable.append(token.slot)
            case .mailbox: readLetters()
            case .exchange, nil: break
            }
        }
    }

    private func readLetters() {
        for letter in plan.mailbox.takeAll() {
            switch letter {
            case .resolved(let addresses): core.resolved(addresses)
            case .checked(let isHealthy): core.checked(isHealthy)
            case .keys(let issuer, let keys): core.keysChanged(ofIssuer: issuer, keys)
            case .adopt(let adoption):
                core.adopt(adoption.snapshot, addresses: adoption.addresses)
                traits = adoption.traits
                adoption.taken()
            case .drain(let isPatient):
                stopListening(isSucceeded: isPatient)
                core.drain(isPatient: isPatient)
            case .abort:
                stopListening(isSucceeded: false)
                core.drain()
                core.abort()
            }
        }
    }

    // MARK: Accepting

    /// At most one connection in a turn, behind the established work.
    private func acceptOne() {
        if let time = restUntil {
            guard time <= core.now.monotonic else { return }
            restUntil = nil
            do throws(SystemFault) {
                try listen()
            } catch {
                rest()
            }
        }
        guard !acceptable.isEmpty, isListening else { return }
        // In rotation: a listener in a storm of connections must not starve the others.
        accepts &+= 1
        let index = acceptable[Int(accepts % UInt(acceptable.count))]
        do throws(SystemFault) {
            _ = try accept(places[index].socket, traits[places[index].listener])
        } catch {
            rest()
        }
    }

    /// Takes one connection; false: there was none, or no place for it.
    private func accept(
        _ listener: Listener, _ traits: ListenerTraits
    ) throws(SystemFault) -> Bool {
        guard let accepted = try listener.socket.accept() else { return false }
        let peer = accepted.peer
        let wire = SocketWire(accepted.take())
        let isTaken = try core.accepted(peer: peer, traits: traits) {
            (token) throws(SystemFault) in
            try self.poller.watch(wire.descriptor, token: token.rawValue)
            return wire
        }
        if !isTaken { rest() }
        return isTaken
    }

    private func listen() throws(SystemFault) {
        for (index, place) in places.enumerated() {
            let token = Token(.listener, slot: index).rawValue
            let descriptor = place.socket.socket.descriptor
            if place.isShared {
                try poller.watchShared(descriptor, token: token)
            } else {
                try poller.watchLevel(descriptor, token: token)
            }
        }
        isListening = true
    }

    private func ignoreListeners() {
        for place in places { poller.ignore(place.socket.socket.descriptor) }
        isListening = false
    }

    /// No descriptor or no place is left: connections wait in the kernel's queue for a moment.
    private func rest() {
        ignoreListeners()
        restUntil = core.now.monotonic.advanced(milliseconds: 100)
    }

    /// A socket that nobody else holds is closed, and what is in its queue is reset. Others go on
    /// with theirs. `isSucceeded`: another process listens there already.
    private func stopListening(isSucceeded: Bool) {
        ignoreListeners()
        if isSucceeded {
            for place in places where place.isShared { takeWaiting(place) }
        }
        restUntil = nil
        places = []
    }

    /// For each connection the kernel wakes one of those that share a queue. Whoever comes from now
    /// on wakes somebody else; but who is in the queue may have woken this worker alone, and would
    /// wait until the next one comes.
    private func takeWaiting(_ place: ListenerSockets.Place) {
        do throws(SystemFault) {
            while try accept(place.socket, traits[place.listener]) {}
        } catch {
            StandardStream.error.write("gatehouse: warning: accept: \(error)\n")
        }
    }
}

/// Connections to upstreams over real sockets.
final class PollerNetwork: Network {
    private let poller: Poller

    init(_ poller: Poller) { self.poller = poller }

    func connect(to address: SocketAddress, token: Token) throws(SystemFault) -> any Wire {
        let wire = SocketWire(try Socket.connect(to: address))
        try poller.watch(wire.descriptor, token: token.rawValue)
        return wire
    }
}
