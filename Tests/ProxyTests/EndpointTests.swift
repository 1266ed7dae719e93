import Chance
import HTTP
import Kernel
import Testing
import Upstream

@testable import Proxy

@Suite("Several endpoints of an upstream") struct EndpointTests {
    private func world(
        _ weights: [Int] = [1, 1], isHTTP2: Bool = false, ejection: EjectionRules = EjectionRules()
    ) throws -> World {
        var setting = World.Setting(isClientHTTP2: true, isUpstreamHTTP2: isHTTP2)
        setting.weights = weights
        setting.ejection = ejection
        return try World(setting)
    }

    private func address(_ endpoint: Int) -> SocketAddress { World.address(ofEndpoint: endpoint) }

    private func upstreams(_ world: World, at endpoint: Int) -> [Peer] {
        world.upstreams.filter { $0.line.address == address(endpoint) }
    }

    private func requests(_ world: World, at endpoint: Int) -> Int {
        upstreams(world, at: endpoint).reduce(0) { $0 + $1.messages.count }
    }

    /// One request after the other; returns the statuses.
    private func ask(_ world: World, _ client: Peer, _ count: Int) throws -> [Int] {
        var statuses: [Int] = []
        for _ in 0..<count {
            let stream = client.request(.get, "/v1/models/x")
            world.settle()
            statuses.append(client.messages[try #require(stream).rawValue]?.status ?? 0)
        }
        return statuses
    }

    @Test("all of them are used", arguments: [false, true])
    func spread(isHTTP2: Bool) throws {
        let world = try world([1, 1, 1], isHTTP2: isHTTP2)
        let client = try world.connect()
        #expect(try ask(world, client, 60) == Array(repeating: 200, count: 60))
        for endpoint in 0..<3 { #expect(requests(world, at: endpoint) > 5) }
        #expect(world.leftovers() == "")
    }

    @Test(
        "where nobody listens costs no request, and is soon left alone", arguments: [false, true])
    func refused(isHTTP2: Bool) throws {
        let world = try world(isHTTP2: isHTTP2)
        world.network.refusing = [address(0)]
        let client = try world.connect()
        #expect(try ask(world, client, 40) == Array(repeating: 200, count: 40))
        #expect(requests(world, at: 1) == 40)
        // Five failures, and then it is left out.
        #expect(world.network.attempts <= 8)
        #expect(world.core.counts(ofUpstream: 0).fitEndpoints == 1)
        world.network.refusing = []
        world.pass(milliseconds: 30_500)
        #expect(try ask(world, client, 20) == Array(repeating: 200, count: 20))
        #expect(world.core.counts(ofUpstream: 0).fitEndpoints == 2)
        #expect(requests(world, at: 0) > 0)
        #expect(world.leftovers() == "")
    }

    @Test("are not blamed when this side has nothing left to connect with")
    func exhausted() throws {
        let world = try world()
        world.network.refuses = true
        let client = try world.connect()
        #expect(try ask(world, client, 20) == Array(repeating: 502, count: 20))
        world.network.refuses = false
        #expect(world.core.counts(ofUpstream: 0).fitEndpoints == 2)
        #expect(try ask(world, client, 20) == Array(repeating: 200, count: 20))
        #expect(world.leftovers() == "")
    }

    @Test("when all refuse, the request is refused once all were tried")
    func allRefuse() throws {
        let world = try world([1, 1, 1])
        world.network.refusing = [address(0), address(1), address(2)]
        let client = try world.connect()
        #expect(try ask(world, client, 1) == [502])
        #expect(world.network.attempts == 3)
        #expect(world.leftovers() == "")
    }

    @Test("an attempt that nobody answers goes on with the next address, then the next endpoint")
    func silent() throws {
        for weights in [[1], [1_000, 1]] {
            let world = try world(weights)
            let dead = SocketAddress(ip: IPAddress(v4: 0x7f00_0009), port: 9_000)
            world.network.silent = [dead]
            world.resolved(weights.count == 1 ? [[dead, address(0)]] : [[dead], [address(1)]])
            let client = try world.connect()
            let stream = try #require(client.request(.get, "/v1/models/x"))
            world.settle()
            #expect(client.messages[stream.rawValue]?.status == 0)
            world.pass(milliseconds: 6_500)
            #expect(client.messages[stream.rawValue]?.status == 200)
            // Known now: the next attempt begins where one succeeded.
            world.pass(milliseconds: 1_000)
            #expect(try ask(world, client, 1) == [200])
            #expect(world.leftovers() == "")
        }
    }

    @Test("one that dies costs no more than what was in flight there", arguments: UInt64(1)...6)
    func killed(seed: UInt64) throws {
        let world = try world()
        var random = SeededRandom(seed: seed)
        let client = try world.connect()
        _ = try ask(world, client, 10)
        world.onUpstreamEnd = { _, _ in }
        let body = Array("{\"model\":\"m\"}".utf8)
        var streams: [StreamID] = []
        for _ in 0..<20 {
            let isPost = random.below(2) == 0
            let stream =
                isPost
                ? client.request(.post, "/v1/chat/completions", body: body)
                : client.request(.get, "/v1/models/x")
            streams.append(try #require(stream))
        }
        world.settle()
        let inFlight = upstreams(world, at: 0).reduce(0) { sum, peer in
            sum + peer.messages.values.count { $0.method == .post && $0.status == 0 }
        }
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: [], length: 0) }
        world.network.refusing = [address(0)]
        for peer in upstreams(world, at: 0) where !peer.line.isReleased { peer.line.breakOff() }
        for peer in upstreams(world, at: 1) {
            for (stream, message) in peer.messages where message.isComplete {
                peer.respond(200, on: StreamID(stream), body: [], length: 0)
            }
        }
        world.settle()
        let statuses = streams.map { client.messages[$0.rawValue]?.status ?? 0 }
        #expect(statuses.allSatisfy { $0 == 200 || $0 == 502 }, "seed \(seed): \(statuses)")
        #expect(statuses.count { $0 == 502 } <= max(inFlight, 1) + 10, "seed \(seed)")
        #expect(try ask(world, client, 30) == Array(repeating: 200, count: 30), "seed \(seed)")
        world.network.refusing = []
        world.pass(milliseconds: 31_000)
        #expect(try ask(world, client, 30) == Array(repeating: 200, count: 30), "seed \(seed)")
        #expect(world.core.counts(ofUpstream: 0).fitEndpoints == 2, "seed \(seed)")
        #expect(world.leftovers() == "")
    }

    @Test("one that answers 503 again and again is left out; other refusals harm nobody")
    func serverErrors() throws {
        for (status, isLeftOut) in [(503, true), (500, true), (501, false), (429, false)] {
            let world = try world()
            world.onUpstreamEnd = { upstream, stream in
                let isBad = upstream.line.address == World.address(ofEndpoint: 0)
                upstream.respond(isBad ? status : 200, on: stream, body: [], length: 0)
            }
            let client = try world.connect()
            _ = try ask(world, client, 60)
            let fit = world.core.counts(ofUpstream: 0).fitEndpoints
            #expect(fit == (isLeftOut ? 1 : 2), "\(status)")
            #expect((requests(world, at: 0) == 5) == isLeftOut, "\(status)")
            #expect(world.leftovers() == "")
        }
    }

    @Test("a safe request that broke at one is tried at another")
    func retried() throws {
        let world = try world(ejection: EjectionRules(failures: 0))
        let client = try world.connect()
        _ = try ask(world, client, 20)
        world.onUpstreamEnd = { upstream, stream in
            if upstream.line.address == World.address(ofEndpoint: 0) {
                upstream.line.breakOff()
            } else {
                upstream.respond(200, on: stream, body: [], length: 0)
            }
        }
        #expect(try ask(world, client, 1).count == 1)
        let statuses = try ask(world, client, 30)
        // A connection that is new may not be repeated on; one that was used before is.
        #expect(statuses.count { $0 == 200 } >= 15)
        #expect(world.leftovers() == "")
    }

    @Test(
        "one whose name leads elsewhere finishes there and begins here", arguments: [false, true])
    func moved(isHTTP2: Bool) throws {
        let world = try world([1], isHTTP2: isHTTP2)
        let client = try world.connect()
        _ = try ask(world, client, 1)
        var held: (Peer, StreamID)?
        world.onUpstreamEnd = { held = ($0, $1) }
        let slow = try #require(client.request(.get, "/v1/models/slow"))
        world.settle()
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: [], length: 0) }
        let v6 = SocketAddress(ip: IPAddress(high: 0, low: 1), port: 9_000)
        world.resolved([[v6]])
        #expect(try ask(world, client, 3) == [200, 200, 200])
        #expect(world.upstreams.count { $0.line.address == v6 } == 1)
        let (peer, stream) = try #require(held)
        #expect(!peer.line.isReleased)
        peer.respond(200, on: stream, body: pattern(100), length: 100)
        world.settle()
        #expect(client.messages[slow.rawValue]?.body == pattern(100))
        #expect(peer.line.isReleased)
        #expect(world.leftovers() == "")
    }

    @Test("one that checks find unhealthy gets nothing until they find it healthy")
    func checked() throws {
        let world = try world()
        let client = try world.connect()
        _ = try ask(world, client, 20)
        world.checked([false, true])
        let before = requests(world, at: 0)
        _ = try ask(world, client, 20)
        #expect(requests(world, at: 0) == before)
        world.checked([false, false])
        #expect(try ask(world, client, 20) == Array(repeating: 200, count: 20))
        world.checked([true, true])
        _ = try ask(world, client, 20)
        #expect(requests(world, at: 0) > before)
        #expect(world.leftovers() == "")
    }
}
