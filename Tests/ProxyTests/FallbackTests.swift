import Chance
import HTTP
import Kernel
import Policies
import Testing
import Upstream

@testable import Proxy

@Suite("A model's fallbacks") struct FallbackTests {
    private static let body = Array("{\"model\":\"m\"}".utf8)

    private func world(
        isHTTP2: Bool = false,
        fallbacks: [ModelTarget] = [ModelTarget(upstream: 1, name: "spare")],
        adjust: (inout World.Setting) -> Void = { _ in }
    ) throws -> World {
        var setting = World.Setting(isClientHTTP2: true, isUpstreamHTTP2: isHTTP2)
        setting.hasSpare = true
        setting.models = ModelRules(rules: [
            ModelRule(
                "*", targets: [ModelTarget(upstream: 0)], fallbacks: fallbacks, refusals: [503])
        ])
        adjust(&setting)
        return try World(setting)
    }

    private func ask(_ world: World, _ client: Peer) throws -> Int32 {
        let stream = client.request(
            .post, "/v1/chat/completions", body: Self.body, length: Self.body.count)
        world.settle()
        return try #require(stream).rawValue
    }

    private func isSpare(_ peer: Peer) -> Bool { peer.line.address == World.spareAddress }

    private func bodies(_ world: World, ofSpare: Bool) -> [String] {
        world.upstreams.filter { isSpare($0) == ofSpare }.flatMap(\.messages.values)
            .map { String(decoding: $0.body, as: UTF8.self) }
    }

    @Test("serve what finds no connection in time", arguments: [false, true])
    func silence(isHTTP2: Bool) throws {
        let world = try world(isHTTP2: isHTTP2)
        world.network.silent = [World.address(ofEndpoint: 0)]
        let client = try world.connect()
        let stream = try ask(world, client)
        #expect(client.messages[stream]?.status == 0)
        world.pass(milliseconds: 12_000)
        #expect(client.messages[stream]?.status == 200)
        #expect(bodies(world, ofSpare: true) == ["{\"model\":\"spare\"}"])
        #expect(world.leftovers() == "")
    }

    @Test("serve what waited for a stream in vain")
    func waiting() throws {
        let world = try world {
            $0.limits = PoolLimits(connections: 1, pending: 10, active: 1)
        }
        world.onUpstreamEnd = { upstream, stream in
            guard self.isSpare(upstream) else { return }
            upstream.respond(200, on: stream, body: [], length: 0)
        }
        let client = try world.connect()
        let held = try ask(world, client)
        let waiting = try ask(world, client)
        world.pass(milliseconds: 11_000)
        #expect(client.messages[held]?.status == 0)
        #expect(client.messages[waiting]?.status == 200)
        #expect(world.leftovers() == "")
    }

    @Test("serve what the first upstream says it did not begin with")
    func unprocessed() throws {
        let world = try world(isHTTP2: true)
        var refusals = 0
        world.onUpstreamEnd = { upstream, stream in
            if self.isSpare(upstream) {
                upstream.respond(200, on: stream, body: [], length: 0)
            } else {
                refusals += 1
                upstream.codec.reset(stream, .refusedStream)
            }
        }
        let client = try world.connect()
        let stream = try ask(world, client)
        // Once more at the same upstream, then elsewhere.
        #expect(refusals == 2)
        #expect(client.messages[stream]?.status == 200)
        #expect(world.core.pools[0].retries == 0)
        #expect(world.leftovers() == "")
    }

    @Test("are not asked for what may have been begun", arguments: [false, true])
    func begun(isHTTP2: Bool) throws {
        let world = try world(isHTTP2: isHTTP2)
        world.onUpstreamEnd = { upstream, _ in upstream.line.breakOff() }
        let client = try world.connect()
        let broken = try ask(world, client)
        #expect(client.messages[broken]?.status == 502)
        #expect(bodies(world, ofSpare: true) == [])
        #expect(world.leftovers() == "")
    }

    @Test("that are refused themselves leave a whole queue answered")
    func crowd() throws {
        let world = try world()
        world.network.refusing = [World.address(ofEndpoint: 0), World.spareAddress]
        world.network.silent = world.network.refusing
        let client = try world.connect()
        var streams: [Int32] = []
        for _ in 0..<50 { streams.append(try ask(world, client)) }
        world.pass(milliseconds: 30_000)
        for stream in streams {
            let status = client.messages[stream]?.status ?? 0
            #expect(status == 502 || status == 503, "\(status)")
        }
        #expect(world.leftovers() == "")
    }

    @Test("serve what memory allows: a longer name that finds no room is refused as overload")
    func budget() throws {
        let long = String(repeating: "n", count: 256)
        let world = try world(fallbacks: [ModelTarget(upstream: 1, name: long)]) {
            $0.budget = 100
        }
        world.onUpstreamEnd = { upstream, stream in
            upstream.respond(503, on: stream, body: [1, 2, 3], length: 3)
        }
        let client = try world.connect()
        let stream = try ask(world, client)
        #expect(client.messages[stream]?.status == 503)
        #expect(bodies(world, ofSpare: true) == [])
        #expect(world.leftovers() == "")
    }

    /// Refusals, breaks and good answers by chance, on both upstreams.
    @Test("keep every promise in random games", arguments: UInt64(1)...40)
    func games(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let isHTTP2 = random.below(2) == 0
        let limits = PoolLimits(connections: 1 + random.below(4), pending: 100, active: 100)
        let targets = [
            ModelTarget(upstream: 1, name: "spare"), ModelTarget(upstream: 0, name: "m2"),
        ]
        let world = try world(isHTTP2: isHTTP2, fallbacks: targets) { $0.limits = limits }
        // What broke at an upstream after it had read the whole request must be the last of it.
        var broken = 0
        world.onUpstreamEnd = { upstream, stream in
            switch random.below(5) {
            case 0, 1: upstream.respond(503, on: stream, body: [1, 2, 3], length: 3)
            case 2: upstream.respond(503, on: stream, body: pattern(70_000), endsAt: 100)
            case 3:
                broken += 1
                if isHTTP2 { upstream.reset(stream) } else { upstream.line.breakOff() }
            default: upstream.respond(200, on: stream, body: pattern(500), length: 500)
            }
        }
        let client = try world.connect()
        var streams: [Int32] = []
        for _ in 0..<30 {
            let stream = client.request(
                .post, "/v1/chat/completions", body: Self.body, length: Self.body.count)
            streams.append(try #require(stream).rawValue)
            if random.below(2) == 0 { world.settle() }
        }
        world.settle()
        world.pass(milliseconds: 20_000)
        let statuses = streams.map { client.messages[$0]?.status ?? 0 }
        #expect(statuses.allSatisfy { $0 == 200 || $0 == 502 }, "seed \(seed): \(statuses)")
        for stream in streams where client.messages[stream]?.status == 200 {
            #expect(client.messages[stream]?.body == pattern(500), "seed \(seed)")
        }
        let served = world.upstreams.flatMap(\.messages.values).count { $0.isComplete }
        #expect(served <= 3 * streams.count, "seed \(seed)")
        #expect(statuses.count { $0 == 502 } >= broken, "seed \(seed)")
        #expect(world.leftovers() == "", "seed \(seed)")
    }
}
