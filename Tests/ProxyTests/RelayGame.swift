import Chance
import HTTP
import Kernel

@testable import Proxy

/// Clients and an upstream that do anything at any time; what they got is compared with what was
/// sent.
final class RelayGame {
    private let world: World
    private var random: SeededRandom
    private var living: [Peer] = []
    private var expected: [ObjectIdentifier: [Int32: [UInt8]]] = [:]
    private(set) var fault: String?
    private(set) var completed = 0

    init(seed: UInt64, pair: Pair) throws {
        random = SeededRandom(seed: seed)
        var setting = pair.setting
        setting.limits = .init(connections: 3, pending: 6, active: 12)
        setting.peerLimits.concurrentStreams = 4
        setting.isAutomatic = false
        world = try World(setting)
        world.onUpstreamHead = { [weak self] in self?.answerEarly($0, $1) }
        world.onUpstreamEnd = { [weak self] in self?.answer($0, $1) }
    }

    func play(steps: Int) throws {
        for _ in 0..<steps where fault == nil {
            try step()
            for _ in 0..<random.below(6) { world.turn() }
        }
        for peer in world.clients + world.upstreams {
            peer.isStalled = false
            peer.stride = 65_536
            peer.catchUp()
        }
        world.network.refuses = false
        // Whoever never answered is waited for no longer.
        for upstream in world.upstreams { upstream.line.breakOff() }
        compare()
        let left = world.leftovers()
        if left != "" { note(left) }
    }

    private func note(_ text: String) { if fault == nil { fault = text } }

    private func step() throws {
        switch random.below(24) {
        case 0...1: try connect()
        case 2...9: request()
        case 10: leave()
        case 11: if let client = pick(living) { resetAny(of: client) }
        case 12: if let upstream = pick(upstreams) { upstream.line.breakOff() }
        case 13: if let upstream = pick(upstreams) { upstream.line.endByPeer() }
        case 14: if let upstream = pick(upstreams) { resetAny(of: upstream) }
        case 15: pick(living + upstreams)?.isStalled.toggle()
        case 16: if let peer = pick(living + upstreams) { toggleLaziness(peer) }
        case 17:
            if let peer = pick(living + upstreams) { peer.stride = 1 << (6 + random.below(10)) }
        case 18: connectUpstream()
        case 19: world.network.refuses.toggle()
        case 20: world.pass(milliseconds: random.below(20) * 500)
        default: world.acceptUpstream()
        }
    }

    private var upstreams: [Peer] { world.upstreams.filter { !$0.line.isReleased } }

    private func pick(_ peers: [Peer]) -> Peer? {
        peers.isEmpty ? nil : peers[random.below(peers.count)]
    }

    private func toggleLaziness(_ peer: Peer) {
        if peer.isLazy { peer.catchUp() } else { peer.isLazy = true }
    }

    // MARK: Clients

    private func connect() throws {
        guard living.count < 6 else { return }
        let client = try world.connect()
        client.onHead = { [weak self] in self?.accepted($0, $1) }
        living.append(client)
    }

    private func request() {
        guard let client = pick(living), !client.hasFailed else { return }
        let seed = random.below(1_000)
        let size = [0, 1, 500, 20_000, 100_000][random.below(5)]
        let body: [UInt8]
        let stream: StreamID?
        switch random.below(6) {
        case 5:
            body = pattern(size, seed)
            stream = client.openWebSocket("/v1/realtime?\(size)?\(seed)")
        case 0:
            let text = String(repeating: "a", count: size)
            body = Array("{\"model\":\"\(seed)\",\"x\":\"\(text)\"}".utf8)
            stream = client.request(.post, "/v1/chat/completions", body: body, length: body.count)
        case 1:
            body = pattern(size, seed)
            stream = client.request(.get, "/v1/files/\(size)?\(seed)")
        case 2:
            body = []
            stream = client.request(.post, "/v1/files/hold", body: pattern(300_000, seed))
        default:
            body = pattern(size, seed)
            let length = random.below(2) == 0 ? body.count : nil
            stream = client.request(.post, "/v1/files/echo", body: body, length: length)
        }
        if let stream { expected[ObjectIdentifier(client), default: [:]][stream.rawValue] = body }
    }

    private func leave() {
        guard !living.isEmpty else { return }
        let client = living.remove(at: random.below(living.count))
        if random.below(2) == 0 { client.line.endByPeer() } else { client.line.breakOff() }
    }

    private func resetAny(of peer: Peer) {
        let open = peer.messages.filter { !$0.value.isClosed && !$0.value.isReset }.keys.sorted()
        guard !open.isEmpty else { return }
        let stream = open[random.below(open.count)]
        peer.messages[stream]?.isBroken = true
        peer.messages[stream]?.isReset = true
        peer.reset(StreamID(stream))
        if !(peer.codec.openStreams > 0), peer.codec.isFinished { peer.line.endByPeer() }
    }

    // MARK: The upstream

    private func connectUpstream() {
        if let line = world.network.connecting.first, random.below(2) == 0 {
            world.network.connecting.removeFirst()
            line.connectFault = SystemFault("connect", code: 111)
            line.isNewlyWritable = true
            world.core.ready(line.token, .writing)
        }
    }

    private func answerEarly(_ upstream: Peer, _ stream: StreamID) {
        if upstream.messages[stream.rawValue]?.target.hasPrefix("/v1/realtime") == true {
            answerHandshake(upstream, stream)
            return
        }
        guard upstream.messages[stream.rawValue]?.target.hasSuffix("hold") == true else { return }
        switch random.below(4) {
        case 0: upstream.respond(500, on: stream, body: pattern(100), length: 100)
        case 1: upstream.respond(404, on: stream, body: [], length: 0)
        case 2: upstream.respond(200, on: stream, body: [])
        default: break
        }
    }

    /// Tunnels carry what the target says upwards and back, and end in either order.
    private func answerHandshake(_ upstream: Peer, _ stream: StreamID) {
        switch random.below(6) {
        case 0: upstream.respond(403, on: stream, body: pattern(100), length: 100)
        case 1 where !world.setting.isUpstreamHTTP2:
            upstream.respond(200, on: stream, body: pattern(100), length: 100)
        case 2: break
        default:
            guard let numbers = numbers(of: upstream.messages[stream.rawValue]?.target ?? "")
            else { return note("a target that was changed") }
            upstream.acceptWebSocket(stream)
            upstream.send(pattern(numbers.size, numbers.seed), on: stream)
        }
    }

    private func accepted(_ client: Peer, _ stream: StreamID) {
        guard let message = client.messages[stream.rawValue], message.isTunnel else { return }
        let size = [0, 10, 200_000][random.below(3)]
        client.send(pattern(size), on: stream, endsAt: random.below(4) == 0 ? size / 2 : .max)
    }

    private func numbers(of target: String) -> (size: Int, seed: Int)? {
        let numbers = target.split { "/?".contains($0) }.suffix(2).compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }

    private func answer(_ upstream: Peer, _ stream: StreamID) {
        guard let message = upstream.messages[stream.rawValue], !message.target.hasSuffix("hold"),
            !message.target.hasPrefix("/v1/realtime")
        else { return }
        var body = message.body
        if message.method == .get {
            guard let numbers = numbers(of: message.target) else {
                return note("a target that was changed")
            }
            body = pattern(numbers.size, numbers.seed)
        }
        let length = random.below(2) == 0 ? body.count : nil
        upstream.respond(200, on: stream, body: body, length: length)
    }

    private func compare() {
        for client in world.clients {
            for (stream, body) in expected[ObjectIdentifier(client)] ?? [:] {
                guard let message = client.messages[stream], message.isComplete,
                    !message.isBroken
                else { continue }
                completed += 1
                let isGood = message.status == 200 || message.isTunnel
                if isGood, message.body != body { note("other bytes on \(stream)") }
                if message.status < 200, !isGood { note("a status of \(message.status)") }
            }
        }
    }
}
