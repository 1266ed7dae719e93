import Chance
import Crypto
import HTTP
import Kernel
import Policies
import Proxy
import Telemetry

/// A worker's core with clients on one side and an upstream on the other, all in memory, under a
/// clock that only the schedule moves.
final class World {
    let scenario: Scenario
    let network: SimulatedNetwork
    var snapshot: Snapshot
    /// Of the limited key; it outlives reloads.
    let meter = Meter()
    private(set) var core: Core
    private let log: AccessLogQueue
    private let outbox: AccessLogOutbox
    private var lines = ByteBuffer()

    var random: SeededRandom
    var trace: Trace
    private(set) var clients: [Client] = []
    private(set) var upstreams: [Upstream] = []
    private(set) var attackers: [Attacker] = []
    private(set) var attacks = 0
    private(set) var requests: [Request] = []
    private(set) var model = MeterModel()
    /// What was and is in force, each from its moment on.
    private(set) var regimes: [Regime] = []
    private var regimeStarts: [UInt64] = []
    /// How far the wall clock was set, each from its moment on.
    private var wallShifts: [(start: UInt64, nanoseconds: Int64)] = [(0, 0)]
    private(set) var nanoseconds: UInt64 = 5_000_000_000
    /// What went wrong; the first finding counts.
    private(set) var finding: String?
    private var acceptedLines = 0

    // What may excuse an answer that is not the one asked for.
    /// Faults of upstreams and of the way to them.
    var troubles = 0
    /// The clock went far enough for a timeout to fire.
    private(set) var hasTimePassed = false
    private(set) var isDraining = false
    var isOver = false
    /// Nobody breaks off, stops or hesitates any more.
    var isCalm = false
    /// Nobody but the gateway does anything any more.
    var isSilent = false

    init(_ scenario: Scenario, random: SeededRandom, isTold: Bool) throws {
        self.scenario = scenario
        self.random = random
        trace = Trace(isTold: isTold)
        network = SimulatedNetwork(capacity: scenario.lineCapacity)
        regimes = [Regime(scenario)]
        regimeStarts = [0]
        snapshot = try scenario.makeSnapshot(regimes[0], meter)
        log = try AccessLogQueue.withoutWriter()
        outbox = log.makeOutbox()
        let ids = SeededRandom(seed: self.random.next())
        core = Core(
            snapshot: snapshot, addresses: [Self.addresses(1, of: scenario.endpoints)],
            network: network, log: outbox,
            now: Self.moment(nanoseconds, scenario.startOfTime),
            random: RandomSource(substitute: ids))
    }

    /// So many addresses for each endpoint.
    static func addresses(_ count: Int, of endpoints: Int) -> [[SocketAddress]] {
        (0..<endpoints).map { endpoint in
            (0..<count).map {
                SocketAddress(ip: .loopback, port: UInt16(9_000 + 10 * endpoint + $0))
            }
        }
    }

    func resolve(_ count: Int) {
        core.resolved([
            (snapshot.upstreams[0], Self.addresses(count, of: scenario.endpoints))
        ])
    }

    var now: Moment { Self.moment(nanoseconds, wallStart(at: nanoseconds)) }

    private static func moment(_ nanoseconds: UInt64, _ wallStart: Int64) -> Moment {
        Moment(
            monotonic: Instant(nanoseconds: nanoseconds),
            wall: UnixTime(nanoseconds: wallStart + Int64(nanoseconds)))
    }

    /// The wall clock's time at the beginning of the monotonic one, as it looked at that moment.
    private func wallStart(at moment: UInt64) -> Int64 {
        let shift = wallShifts.last { $0.start <= moment }
        return scenario.startOfTime + (shift?.nanoseconds ?? 0)
    }

    func shiftWall(by count: Int64) {
        wallShifts.append((nanoseconds, (wallShifts.last?.nanoseconds ?? 0) + count))
    }

    var regime: Regime { regimes[regimes.count - 1] }

    func enact(_ regime: Regime) {
        regimes.append(regime)
        regimeStarts.append(nanoseconds)
    }

    func fault(_ text: String) { if finding == nil { finding = text } }

    func request(_ number: Int) -> Request? {
        number < requests.count ? requests[number] : nil
    }

    func add(_ request: Request) {
        request.firstRegime = regimes.count - 1
        requests.append(request)
    }

    var livingClients: [Client] { clients.filter(\.isPresent) }
    var livingUpstreams: [Upstream] { upstreams.filter { !$0.isGone && !$0.line.isReleased } }
    var peers: [Peer] { clients + upstreams }

    // MARK: Connections

    func connect(isHTTP2: Bool) throws -> Client? {
        let line = Line(clients.count, capacity: scenario.lineCapacity)
        guard try accept(line) else { return nil }
        let client = Client(
            .client, line, isHTTP2: isHTTP2, limits: scenario.clientLimits, world: self)
        clients.append(client)
        trace.note(.connect, line.ordinal, isHTTP2 ? 2 : 1)
        return client
    }

    /// Somebody comes who keeps no rule.
    func invade() throws {
        let line = Line(2_000 + attackers.count, capacity: scenario.lineCapacity)
        guard try accept(line) else { return }
        let request = Request(
            requests.count, .upload, .good, .post, body: nil, declaresLength: false)
        let attack = random.pick(random.pick(Attack.all))
        request.attack = attack
        attacks += 1
        request.isSpoiled = true
        add(request)
        attackers.append(
            Attacker(
                attack, line, request, isReading: random.isLucky(2, in: 3), world: self))
        trace.note(.attack, line.ordinal, request.number)
        trace.mix(Array(attack.name.utf8))
    }

    private func accept(_ line: Line) throws -> Bool {
        let traits = ListenerTraits(
            name: "listener", tls: nil, speaksHTTP1: true, speaksHTTP2: true,
            allowsHalfClose: scenario.allowsHalfClose)
        let address = SocketAddress(ip: .loopback, port: 50_000)
        core.beginTurn(now)
        let isAccepted = try core.accepted(peer: address, traits: traits) { token in
            line.token = token.rawValue
            return SimulatedWire(line)
        }
        _ = core.endTurn()
        return isAccepted
    }

    /// An attempt to connect succeeds.
    func acceptUpstream(at index: Int) {
        let line = network.connecting.remove(at: index)
        line.isNewlyWritable = true
        trace.note(.accept, line.ordinal)
        var limits = CodecLimits()
        limits.concurrentStreams = scenario.upstreamStreams
        limits.streamWindowBytes = scenario.upstreamLimits.streamWindowBytes
        limits.connectionWindowBytes = 65_535
        // An upstream bears what attackers make its gateway break off.
        limits.frames.resetBurst = 1_000_000
        let upstream = Upstream(
            .server, line, isHTTP2: scenario.isUpstreamHTTP2, limits: limits, world: self)
        upstream.isVillain = scenario.hasVillains && !isCalm && random.isLucky(1, in: 2)
        upstreams.append(upstream)
    }

    func refuseUpstream(at index: Int) {
        let line = network.connecting.remove(at: index)
        line.connectFault = SystemFault("connect", code: 111)
        line.isNewlyWritable = true
        refused.append(line)
        troubles += 1
        trace.note(.refuse, line.ordinal)
    }

    private var refused: [Line] = []

    // MARK: Time

    /// One turn of the worker, in which the poller tells of a part of the news, in any order.
    /// Returns whether there was anything to do.
    @discardableResult
    func turn(isWhole: Bool) -> Bool {
        let lines = peers.map(\.line) + attackers.map(\.line) + refused
        var news = lines.filter(\.hasNews)
        news.shuffle(using: &random)
        if !isWhole, !news.isEmpty { news.removeLast(random.below(news.count + 1)) }
        refused.removeAll { !$0.hasNews }
        core.beginTurn(now)
        for line in news { core.ready(Token(rawValue: line.token), line.takeNews()) }
        let isUnfinished = core.endTurn()
        trace.note(.turn, news.count, isUnfinished ? 1 : 0)
        readLog()
        return isUnfinished || !news.isEmpty
    }

    func advance(milliseconds: Int) {
        trace.note(.clock, milliseconds)
        nanoseconds += UInt64(milliseconds) * 1_000_000
        if milliseconds >= 1_000 { hasTimePassed = true }
    }

    /// As long as a worker sleeps when nobody is ready.
    func advance(until due: Instant) {
        advance(milliseconds: Int(due.since(now.monotonic) / 1_000_000) + 1)
    }

    /// Everybody works until nothing moves; false when that never happens.
    func settle() -> Bool {
        for _ in 0..<20_000 {
            var hasMoved = false
            for peer in peers { hasMoved = peer.work(65_536) || hasMoved }
            for attacker in attackers { hasMoved = attacker.work(65_536) || hasMoved }
            hasMoved = turn(isWhole: true) || hasMoved
            if !hasMoved { return true }
            if finding != nil { return true }
        }
        return false
    }

    func drain() {
        trace.note(.drain)
        isDraining = true
        for request in requests where request.attempts.isEmpty { request.mayBeTurnedAway = true }
        core.beginTurn(now)
        core.drain()
        _ = core.endTurn()
    }

    // MARK: The log

    private func readLog() {
        lines.removeAll()
        log.collect(into: &lines)
        guard !lines.isEmpty else { return }
        let bytes = lines.withBytes { span in (0..<span.count).map { span[$0] } }
        trace.mix(bytes)
        for text in bytes.split(separator: 0x0a) {
            guard let line = LogLine(text) else {
                fault("a broken line in the log")
                return
            }
            take(line)
        }
    }

    private func take(_ line: LogLine) {
        if line.key == Request.Key.limited.rawValue {
            let moment = nanoseconds - UInt64(line.durationMicroseconds) * 1_000
            let inForce = regimeStarts.lastIndex { $0 <= moment } ?? 0
            model.note(
                at: moment, wall: wallStart(at: moment) + Int64(moment), regimes[inForce].limits,
                isAdmitted: line.error != "rate_limit_exceeded")
        }
        let text = line.requestID
        guard text.hasPrefix("sim-"), let number = Int(text.dropFirst(4)),
            let request = request(number)
        else { return }
        trace.note(.log, number, line.status)
        if request.log != nil { fault("two lines in the log for \(number)") }
        request.log = line
    }

    /// Ends the gateway; true when nothing of it is left in memory.
    func dissolve() -> Bool {
        core.end()
        clients = []
        upstreams = []
        attackers = []
        weak let old = core
        core = Core(
            snapshot: snapshot, addresses: [], network: network, log: nil, now: now,
            random: RandomSource(substitute: random))
        return old == nil
    }
}
