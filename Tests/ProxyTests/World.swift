import Crypto
import Errors
import HTTP
import Kernel
import Policies
import Upstream

@testable import Proxy

/// A worker's core with clients on one side and an upstream on the other, all in memory, with a
/// clock that the test moves.
final class World {
    struct Setting {
        var isClientHTTP2 = false
        var isUpstreamHTTP2 = false
        var limits = PoolLimits()
        /// One endpoint for each, the first at port 9000, the next at 9001 and so on.
        var weights = [1]
        /// Of the first endpoint.
        var port: UInt16 = 9_000
        var ejection = EjectionRules()
        var health: HealthRules?
        var upstreamLimits = CodecLimits()
        var peerLimits = CodecLimits.offeringWebSocket
        var timeouts = Timeouts()
        var bounds = Bounds()
        var allowsHalfClose = false
        var bodyLimit = 10_485_760
        var budget = 268_435_456
        var isAutomatic = true
        var keyStatus = KeyStatus.active
        /// A second upstream, its endpoint at port 9100.
        var hasSpare = false
        var models = ModelRules()
        /// What stands at `/document`.
        var document = ServedDocument([])
    }

    let setting: Setting
    let network = FakeNetwork()
    let core: Core
    private(set) var snapshot: Snapshot
    private(set) var clients: [Peer] = []
    private(set) var upstreams: [Peer] = []
    /// Lines that end before anybody speaks on them.
    private var refused: [Line] = []
    private(set) var nanoseconds: UInt64 = 1_000_000_000_000
    /// What the upstream does when a request's head, or its end, has come.
    var onUpstreamHead: (Peer, StreamID) -> Void = { _, _ in }
    var onUpstreamEnd: (Peer, StreamID) -> Void = { upstream, stream in
        let body = upstream.messages[stream.rawValue]?.body ?? []
        upstream.respond(200, on: stream, body: body, length: body.count)
    }
    /// Looks at every turn, for tests that play by chance.
    var onTurn: (World) -> Void = { _ in }

    init(_ setting: Setting = Setting()) throws {
        self.setting = setting
        snapshot = try Self.makeSnapshot(setting)
        let spare = setting.hasSpare ? [[[Self.spareAddress]]] : []
        core = Core(
            snapshot: snapshot,
            addresses: [Self.addresses(setting)] + spare,
            network: network, log: nil, now: Self.moment(1_000_000_000_000))
    }

    static func address(ofEndpoint index: Int) -> SocketAddress {
        SocketAddress(ip: .loopback, port: 9_000 + UInt16(index))
    }

    static let spareAddress = SocketAddress(ip: .loopback, port: 9_100)

    private static func moment(_ nanoseconds: UInt64) -> Moment {
        Moment(
            monotonic: Instant(nanoseconds: nanoseconds),
            wall: UnixTime(nanoseconds: 1_700_000_000_000_000_000 + Int64(nanoseconds)))
    }

    /// The core goes over to a snapshot made by other settings, as at a reload. `isRenewed`: the
    /// upstream is another one too.
    func adopt(_ setting: Setting, isRenewed: Bool = false) throws {
        snapshot = try Self.makeSnapshot(setting, after: snapshot, isRenewed: isRenewed)
        let spare = setting.hasSpare ? [[[Self.spareAddress]]] : []
        core.adopt(snapshot, addresses: [Self.addresses(setting)] + spare)
    }

    /// News of the upstream's endpoints.
    func resolved(_ addresses: [[SocketAddress]]) {
        core.resolved([(snapshot.upstreams[0], addresses)])
    }

    func checked(_ isHealthy: [Bool]) { core.checked([(snapshot.upstreams[0], isHealthy)]) }

    private static func addresses(_ setting: Setting) -> [[SocketAddress]] {
        setting.weights.indices.map {
            [SocketAddress(ip: .loopback, port: setting.port + UInt16($0))]
        }
    }

    private static func makeSnapshot(
        _ setting: Setting, after before: Snapshot? = nil, isRenewed: Bool = false
    ) throws -> Snapshot {
        let endpoints = setting.weights.enumerated().map { index, weight in
            EndpointTarget(
                host: "127.0.0.1", port: setting.port + UInt16(index), basePath: "/v1",
                authority: "upstream", serverName: "upstream", weight: weight)
        }
        let spare = EndpointTarget(
            host: "127.0.0.1", port: spareAddress.port, basePath: "/v1", authority: "spare",
            serverName: "spare")
        let targets = [("upstream", endpoints)] + (setting.hasSpare ? [("spare", [spare])] : [])
        let upstreams = targets.map { name, endpoints in
            UpstreamTarget(
                name: name, endpoints: endpoints,
                speech: setting.isUpstreamHTTP2 ? .http2 : .http1, tls: nil, credential: nil,
                limits: setting.limits, ejection: setting.ejection, health: setting.health)
        }
        return Snapshot(
            sites: SiteDirectory(hosts: [], fallback: try makeSite(setting)),
            upstreams: isRenewed ? upstreams : before?.upstreams ?? upstreams,
            timeouts: setting.timeouts, limits: setting.bounds,
            clientCodecLimits: .offeringWebSocket,
            upstreamCodecLimits: setting.upstreamLimits, trustedProxies: TrustedProxies(),
            bodyBudget: before?.bodyBudget ?? BodyBudget(limitBytes: setting.budget),
            addressConnections: before?.addressConnections ?? AddressConnections(),
            memory: before?.memory ?? MemoryGuard())
    }

    private static func makeSite(_ setting: Setting) throws -> Site {
        func route(_ name: String, _ action: Route.Action, _ body: Route.Body) -> Route {
            Route(
                name: name, action: action, body: body, bodyLimit: setting.bodyLimit,
                errorShape: .envelope)
        }
        let identity = Identity(rules: CredentialRules(), pepper: [])
        let digest = identity.digest(of: "sk-test".utf8.span, SHA256Hasher())
        return Site(
            name: "site", dialect: .openAI(errorParam: true),
            routes: try RouteTable([
                RoutePattern(.get, "/health", action: 0),
                RoutePattern(.post, "/v1/chat/completions", action: 1),
                RoutePattern([.get, .post, .delete], "/v1/files/**", action: 2),
                RoutePattern([.get, .post], "/v1/models/**", action: 3),
                RoutePattern(.get, "/v1/realtime", action: 4),
                RoutePattern(.get, "/document", action: 5),
            ]),
            actions: [
                route("/health", .health, .none), route("/v1/chat/completions", .forward, .json),
                route("/v1/files/**", .forward, .stream),
                route("/v1/models/**", .forward, .none),
                route("/v1/realtime", .webSocket, .none),
                Route(
                    name: "/document", action: .document, body: .none, bodyLimit: 0,
                    errorShape: .envelope, document: setting.document),
            ],
            identity: identity,
            keys: try KeyTable([
                KeyRecord(
                    Principal(id: "key"), name: "", prefix: "sk-", digest: digest,
                    status: setting.keyStatus)
            ]),
            requestHeaders: RequestHeaderPolicy(), responseHeaders: .allBut(),
            latencyField: nil, sendsRateLimitFields: true, crossOrigin: CrossOriginPolicy(),
            upstream: 0, models: setting.models)
    }

    // MARK: Clients

    func connect() throws -> Peer {
        let line = Line()
        let traits = ListenerTraits(
            name: "listener", tls: nil, speaksHTTP1: true, speaksHTTP2: true,
            allowsHalfClose: setting.allowsHalfClose)
        let peer = SocketAddress(ip: .loopback, port: 50_000)
        core.beginTurn(Self.moment(nanoseconds))
        _ = try core.accepted(peer: peer, traits: traits) { token in
            line.token = token
            return FakeWire(line)
        }
        _ = core.endTurn()
        let client = Peer(.client, line, isHTTP2: setting.isClientHTTP2)
        clients.append(client)
        return client
    }

    /// The upstream takes every connection that is on its way.
    func acceptUpstream() {
        for line in network.connecting where !line.isReleased {
            line.isNewlyWritable = true
            if line.connectFault != nil {
                refused.append(line)
                continue
            }
            let peer = Peer(
                .server, line, isHTTP2: setting.isUpstreamHTTP2, limits: setting.peerLimits)
            peer.onHead = { [weak self] in self?.onUpstreamHead($0, $1) }
            peer.onEnd = { [weak self] in self?.onUpstreamEnd($0, $1) }
            upstreams.append(peer)
        }
        network.connecting = []
    }

    // MARK: Time

    /// One turn of the worker and of everybody around it. Returns whether anything moved.
    @discardableResult
    func turn() -> Bool {
        if setting.isAutomatic { acceptUpstream() }
        onTurn(self)
        var hasMoved = false
        let now = Self.moment(nanoseconds)
        for peer in clients + upstreams {
            hasMoved = peer.work(at: now.monotonic) || hasMoved
        }
        core.beginTurn(now)
        for line in refused { hasMoved = tell(line) || hasMoved }
        refused = []
        for peer in upstreams + clients { hasMoved = tell(peer.line) || hasMoved }
        return core.endTurn() || hasMoved
    }

    private func tell(_ line: Line) -> Bool {
        let events = (line.isNewlyWritable, line.isNewlyReadable, line.isNewlyEnded)
        (line.isNewlyWritable, line.isNewlyReadable, line.isNewlyEnded) = (false, false, false)
        guard !line.isReleased else { return false }
        if events.0 { core.ready(line.token, .writing) }
        if events.1 { core.ready(line.token, .reading) }
        if events.2 { core.ready(line.token, .ended) }
        return events.0 || events.1 || events.2
    }

    /// Turns until nothing moves; false when that never happens.
    @discardableResult
    func settle(turns: Int = 20_000) -> Bool {
        for _ in 0..<turns where !turn() { return true }
        return false
    }

    /// Moves the clock; deadlines on the way are met.
    func pass(milliseconds: Int) {
        let step = 500
        var rest = milliseconds
        while rest > 0 {
            nanoseconds += UInt64(min(step, rest)) * 1_000_000
            rest -= step
            settle()
        }
    }

    // MARK: What must hold when all is over

    /// Ends every client and tells what the worker holds on to then; empty: nothing.
    func leftovers() -> String {
        for client in clients where !client.line.isReleased { client.line.endByPeer() }
        onTurn = { _ in }
        var found = ""
        if !settle() { found += "never idle; " }
        if core.exchanges.count > 0 { found += "\(core.exchanges.count) exchanges; " }
        if core.sessions.count > 0 { found += "\(core.sessions.count) sessions; " }
        if !(core.pools + core.retired).allSatisfy(\.isIdle) { found += "a lease or a waiter; " }
        if snapshot.bodyBudget.usedBytes > 0 {
            found += "\(snapshot.bodyBudget.usedBytes) bytes of the budget; "
        }
        pass(milliseconds: setting.timeouts.upstream.poolIdle * 2 + 2_000)
        if core.connections.count > 0 { found += "\(core.connections.count) connections; " }
        if !core.retired.isEmpty { found += "\(core.retired.count) retired pools; " }
        return found
    }
}

extension CodecLimits {
    static var offeringWebSocket: CodecLimits {
        var limits = CodecLimits()
        limits.offersWebSocket = true
        return limits
    }
}

/// Bytes that differ from place to place and from message to message.
func pattern(_ count: Int, _ seed: Int = 1) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ seed) }
}
