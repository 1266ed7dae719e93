import Crypto
import HTTP
import HTTP2
import JSON
import Kernel
import Policies
import TLS
import Telemetry
import Upstream

/// What a listener tells of the connections it accepts.
public struct ListenerTraits: Sendable {
    public let name: String
    /// nil: cleartext.
    public let tls: TLSServerContext?
    public let speaksHTTP1: Bool
    public let speaksHTTP2: Bool
    /// Cleartext HTTP/1.1: the end of the client's bytes does not mean that the client is gone.
    public let allowsHalfClose: Bool

    public init(
        name: String, tls: TLSServerContext?, speaksHTTP1: Bool, speaksHTTP2: Bool,
        allowsHalfClose: Bool
    ) {
        self.name = name
        self.tls = tls
        self.speaksHTTP1 = speaksHTTP1
        self.speaksHTTP2 = speaksHTTP2
        self.allowsHalfClose = allowsHalfClose
    }
}

/// The sessions, exchanges and upstream connections of one worker. It knows neither threads nor
/// sockets: its owner tells it the time, who is ready and who has come, and provides a `Network`.
///
/// A turn: `beginTurn`, then any number of `ready` and `accepted`, then `endTurn`, which writes
/// what the turn produced, once for each connection, and fires what is due.
public final class Core {
    public private(set) var now: Moment
    public private(set) var snapshot: Snapshot
    let network: any Network
    /// nil: no log is kept.
    let log: AccessLogOutbox?
    /// nil: nothing is counted.
    let metrics: MetricRecorder?
    let heads = HeadPool()
    let hasher = SHA256Hasher()
    let random: RandomSource
    let probe = JSONProbe()
    let reader = JSONReader()
    /// One for each of the snapshot's token issuers, in its order.
    private(set) var tokenDesks: [TokenDesk]
    private let tokenVerifier = TokenVerifier()
    /// What desks that are gone were asked, before their configurations were replaced.
    private var pastLookups = (hits: 0, misses: 0)
    /// A megabyte serves some hundred connections at once; more would only be kept for a burst.
    let memory = HTTP2Memory(bound: 1_048_576)
    var sessions = SlotTable<Session>(.session)
    var connections = SlotTable<UpstreamConnection>(.upstreamConnection)
    var exchanges = SlotTable<Exchange>(.exchange)
    /// Of the snapshot's upstreams, in its order.
    var pools: [UpstreamPool] = []
    /// Those of snapshots before that somebody still needs.
    private(set) var retired: [UpstreamPool] = []

    // Memory lent to whichever connection is at work.
    var scratch = ByteBuffer()
    var work = WriteBuffers()
    var body = ByteBuffer()
    var digits = ByteBuffer()
    private var spareInbound = ByteBuffer()

    private var wheel: TimerWheel
    private var due: [UInt64] = []
    private var dirtySessions: [Session] = []
    private var dirtyConnections: [UpstreamConnection] = []
    private var flushingSessions: [Session] = []
    private var flushingConnections: [UpstreamConnection] = []
    private var readingSessions: [Session] = []
    private var readingConnections: [UpstreamConnection] = []
    private var firstFlights = Queue<Session>()
    private var handshakes = Queue<Session>()
    public private(set) var isDraining = false

    public init(
        snapshot: Snapshot, addresses: [[[SocketAddress]]], network: any Network,
        log: AccessLogOutbox?, metrics: MetricRecorder? = nil, now: Moment,
        random: RandomSource = RandomSource()
    ) {
        self.snapshot = snapshot
        self.network = network
        self.log = log
        self.metrics = metrics
        self.now = now
        self.random = random
        tokenDesks = snapshot.tokenIssuers.map { [tokenVerifier] in TokenDesk($0, tokenVerifier) }
        wheel = TimerWheel(at: now.monotonic)
        pools = zip(snapshot.upstreams, addresses).map {
            UpstreamPool($0, addresses: $1, core: self)
        }
        if let metrics { tell(metrics) }
    }

    /// Takes over where the names of the upstreams' endpoints lead.
    public func resolved(_ news: [(target: UpstreamTarget, addresses: [[SocketAddress]])]) {
        for (target, addresses) in news { pool(of: target)?.resolved(addresses) }
    }

    /// Takes over what active checks found of the upstreams' endpoints.
    public func checked(_ news: [(target: UpstreamTarget, isHealthy: [Bool])]) {
        for (target, isHealthy) in news { pool(of: target)?.checked(isHealthy) }
    }

    /// nil: the snapshot in force does not have it.
    private func pool(of target: UpstreamTarget) -> UpstreamPool? {
        pools.first { $0.target === target }
    }

    /// Takes over what the snapshot's token issuer of that index signs with now.
    public func keysChanged(ofIssuer index: Int, _ keys: KeySet) {
        if tokenDesks.indices.contains(index) { tokenDesks[index].replace(keys) }
    }

    /// Goes over to another snapshot: what is asked for from now on is judged by it, and what is
    /// under way ends under the site and on the pools it began with. Its body budget and its counts
    /// of connections are those of the snapshot before, so that what was taken of them goes on.
    /// Tokens are verified anew, with the keys that are known. `addresses`: of the endpoints of its
    /// upstreams.
    public func adopt(_ snapshot: Snapshot, addresses: [[[SocketAddress]]]) {
        assert(snapshot.bodyBudget === self.snapshot.bodyBudget)
        assert(snapshot.addressConnections === self.snapshot.addressConnections)
        self.snapshot = snapshot
        pastLookups = lookups
        adoptPools(addresses)
        tokenDesks = zip(snapshot.tokenIssuers, tokenDesks).map {
            TokenDesk($0, tokenVerifier, keys: $1.keys)
        }
    }

    /// An upstream that is the same object keeps its pool; the pools of the others retire.
    private func adoptPools(_ addresses: [[[SocketAddress]]]) {
        let before = pools
        pools = zip(snapshot.upstreams, addresses).map { target, addresses in
            before.first { $0.target === target }
                ?? UpstreamPool(
                    target, addresses: addresses, core: self,
                    after: before.first { $0.target.name == target.name })
        }
        for pool in before where !pools.contains(where: { $0 === pool }) {
            pool.retire()
            retired.append(pool)
        }
    }

    /// Lets go of those that no exchange and no connection holds on to any more.
    private func forgetRetired() {
        for index in retired.indices.reversed() {
            if let metrics { retired[index].tell(metrics) }
            if isKnownUniquelyReferenced(&retired[index]) { retired.remove(at: index) }
        }
    }

    /// What this worker holds of the snapshot's upstream of that index.
    public func counts(ofUpstream index: Int) -> PoolCounts { pools[index].counts }

    // MARK: The turn

    public func beginTurn(_ now: Moment) { self.now = now }

    public func ready(_ token: Token, _ readiness: Readiness) {
        switch token.kind {
        case .session: sessions[token]?.ready(readiness)
        case .upstreamConnection: connections[token]?.ready(readiness)
        case .listener, .mailbox, .exchange, nil: break
        }
    }

    /// Takes a connection; false when the worker holds as many as it may. One too many of its
    /// address is let go of at once, before `make`.
    public func accepted(
        peer: SocketAddress, traits: ListenerTraits, make: (Token) throws(SystemFault) -> any Wire
    ) throws(SystemFault) -> Bool {
        guard sessions.count < snapshot.limits.sessions, !isDraining else { return false }
        var place: ConnectionPlace?
        if let bound = snapshot.limits.addressConnections,
            !snapshot.trustedProxies.contains(peer.ip)
        {
            place = snapshot.addressConnections.enter(peer.ip, atMost: bound)
            guard place != nil else {
                metrics?.refusedConnection()
                return true
            }
        }
        metrics?.accepted()
        let session = sessions.insert { Session($0, peer: peer, traits: traits, core: self) }
        session.place = place.take()
        do throws(SystemFault) {
            session.start(try make(session.token))
        } catch {
            sessions.remove(session.token)
            throw error
        }
        return true
    }

    /// Does what the turn left to do. Returns whether there is more to do at once.
    public func endTurn() -> Bool {
        readOn()
        flush()
        fireTimers()
        flush()
        log?.handOver()
        if let metrics { tell(metrics) }
        if !retired.isEmpty { forgetRetired() }
        return hasDirty || !readingSessions.isEmpty || !readingConnections.isEmpty
            || !handshakes.isEmpty || !firstFlights.isEmpty
    }

    /// What is held now; what happened was counted where it happened.
    private func tell(_ metrics: MetricRecorder) {
        metrics.holding(sessions: sessions.count, exchanges: exchanges.count)
        for pool in pools { pool.tell(metrics) }
        guard !tokenDesks.isEmpty else { return }
        let entries = tokenDesks.reduce(0) { $0 + $1.rememberedTokens }
        metrics.tokenCache(entries: entries, hits: lookups.hits, misses: lookups.misses)
    }

    private var lookups: (hits: Int, misses: Int) {
        tokenDesks.reduce(pastLookups) { sum, desk in
            (hits: sum.hits + desk.remembered, misses: sum.misses + desk.examined)
        }
    }

    /// The turn that has ended took so long, as its owner measured it.
    public func turnEnded(nanoseconds: UInt64) { metrics?.turnEnded(nanoseconds: nanoseconds) }

    /// When `endTurn` must be called next, at the latest.
    public var nextDue: Instant? { wheel.nextDue }

    /// Connections whose bytes were not all read in the last turn, and one handshake step:
    /// established work comes first, so that a storm of new connections does not delay it, and
    /// handshakes that have begun come before others begin, so that it does not outlast their time.
    private func readOn() {
        let again = readingConnections
        readingConnections.removeAll(keepingCapacity: true)
        for connection in again {
            connection.isQueuedToRead = false
            connection.progress()
        }
        let waiting = readingSessions
        readingSessions.removeAll(keepingCapacity: true)
        for session in waiting {
            session.isQueuedToRead = false
            session.progress()
        }
        (handshakes.popFirst() ?? firstFlights.popFirst())?.handshakeStep()
    }

    private func flush() {
        var rounds = 0
        while rounds < Self.flushRounds, hasDirty {
            rounds += 1
            // Swapped, not copied: both arrays keep their memory.
            swap(&dirtyConnections, &flushingConnections)
            for index in flushingConnections.indices { flushingConnections[index].flush() }
            flushingConnections.removeAll(keepingCapacity: true)
            swap(&dirtySessions, &flushingSessions)
            for index in flushingSessions.indices { flushingSessions[index].flush() }
            flushingSessions.removeAll(keepingCapacity: true)
        }
    }

    private var hasDirty: Bool { !dirtySessions.isEmpty || !dirtyConnections.isEmpty }

    /// What one connection's flush produces for another is written in the same turn, but others get
    /// their turn too: what is dirty after so many rounds waits for the next.
    private static let flushRounds = 8

    private func fireTimers() {
        due.removeAll(keepingCapacity: true)
        wheel.expire(at: now.monotonic, into: &due)
        for value in due {
            let token = Token(rawValue: value)
            switch token.kind {
            case .session:
                guard let session = sessions[token] else { continue }
                session.armedAt = nil
                session.due()
            case .upstreamConnection:
                guard let connection = connections[token] else { continue }
                connection.armedAt = nil
                connection.due()
            case .listener, .mailbox, .exchange, nil: break
            }
        }
    }

    // MARK: What sessions and connections ask for

    /// Bytes for this session were produced: it is written at the end of the turn.
    func touch(_ session: Session) {
        guard !session.isDirty else { return }
        session.isDirty = true
        dirtySessions.append(session)
    }

    func touch(_ connection: UpstreamConnection) {
        guard !connection.isDirty else { return }
        connection.isDirty = true
        dirtyConnections.append(connection)
    }

    func readAgain(_ session: Session) {
        guard !session.isQueuedToRead else { return }
        session.isQueuedToRead = true
        readingSessions.append(session)
    }

    func readAgain(_ connection: UpstreamConnection) {
        guard !connection.isQueuedToRead else { return }
        connection.isQueuedToRead = true
        readingConnections.append(connection)
    }

    func queueHandshake(_ session: Session, isFirstFlight: Bool) {
        if isFirstFlight { firstFlights.append(session) } else { handshakes.append(session) }
    }

    func arm(_ session: Session, at deadline: Instant) {
        if let armed = session.armedAt, armed <= deadline { return }
        session.armedAt = deadline
        wheel.arm(session.token.rawValue, at: deadline)
    }

    func arm(_ connection: UpstreamConnection, at deadline: Instant) {
        if let armed = connection.armedAt, armed <= deadline { return }
        connection.armedAt = deadline
        wheel.arm(connection.token.rawValue, at: deadline)
    }

    /// An idle connection holds no buffer for input: one is lent while bytes are read and parsed.
    func lendInbound(to channel: Channel) {
        if channel.inbound.isEmpty { swap(&channel.inbound, &spareInbound) }
    }

    func takeInboundBack(from channel: Channel) {
        if channel.inbound.isEmpty, channel.inbound.capacity > spareInbound.capacity {
            swap(&channel.inbound, &spareInbound)
        }
        if channel.inbound.isEmpty, channel.inbound.capacity > 0 { channel.inbound = ByteBuffer() }
    }

    func openConnection(_ opening: Opening, of pool: UpstreamPool) -> UpstreamConnection {
        connections.insert { UpstreamConnection(opening, token: $0, pool: pool, core: self) }
    }

    func remove(_ connection: UpstreamConnection) { connections.remove(connection.token) }

    func remove(_ session: Session) { sessions.remove(session.token) }

    // MARK: Leaving

    /// Finishes what is in flight and takes nothing new. `isDone` tells when it is over.
    /// `isPatient`: connections that are idle may wait for one more request.
    public func drain(isPatient: Bool = false) {
        guard !isDraining else { return }
        isDraining = true
        for session in sessions.all { session.drain(isPatient: isPatient) }
        for pool in pools { pool.closeIdle() }
    }

    public var isDone: Bool { isDraining && sessions.count == 0 }

    /// Lets go of everything when all is done. Pools, connections and sessions hold on to the core
    /// they belong to, so nothing of them would ever end by itself.
    public func end() {
        for connection in connections.all { connection.close() }
        pools = []
        retired = []
        firstFlights = Queue()
        handshakes = Queue()
        readingSessions = []
        readingConnections = []
        dirtySessions = []
        dirtyConnections = []
    }

    /// Ends every session at once, whatever it carries.
    public func abort() {
        for session in sessions.all { session.abort(by: .gateway) }
    }
}
