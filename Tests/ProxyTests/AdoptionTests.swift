import HTTP
import Kernel
import Testing
import Upstream

@testable import Proxy

@Suite("A core that goes over to another snapshot") struct AdoptionTests {
    @Test(
        "ends what is under way by the old one, judges what comes by the new",
        arguments: Pair.all)
    func betweenRequests(pair: Pair) throws {
        let world = try World(pair.setting)
        let client = try world.connect()
        let body = pattern(40_000)
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: body, endsAt: 20_000) }
        let stream = try #require(client.request(.get, "/v1/files/a"))
        #expect(world.settle())
        #expect(client.messages[stream.rawValue]?.body.count == 20_000)
        var setting = pair.setting
        setting.keyStatus = .revoked
        try world.adopt(setting)
        if pair.client {
            let next = try #require(client.request(.get, "/v1/files/b"))
            #expect(world.settle())
            #expect(client.messages[next.rawValue]?.status == 403)
        }
        let upstream = try #require(world.upstreams.first)
        let under = try #require(upstream.messages.keys.first)
        upstream.send(Array(body[20_000...]), on: StreamID(under))
        #expect(world.settle())
        #expect(client.messages[stream.rawValue]?.body == body)
        #expect(client.messages[stream.rawValue]?.isComplete == true)
        let last = try #require(client.request(.get, "/v1/files/c"))
        #expect(world.settle())
        #expect(client.messages[last.rawValue]?.status == 403)
        #expect(upstream.messages.count == 1)
        #expect(world.leftovers() == "")
    }

    @Test("collects a body on under the limit of its own site, and gives back what it reserved")
    func budget() throws {
        let world = try World()
        let client = try world.connect()
        let body = Array("{\"model\":\"m\",\"x\":\"\(String(repeating: "a", count: 9_000))\"}".utf8)
        let stream = try #require(
            client.request(
                .post, "/v1/chat/completions", body: body, length: body.count, endsAt: 5_000))
        #expect(world.settle())
        #expect(world.snapshot.bodyBudget.usedBytes >= 5_000)
        var setting = world.setting
        setting.bodyLimit = 100
        world.snapshot.bodyBudget.adjust(limitBytes: 1 << 20)
        try world.adopt(setting)
        client.send(Array(body[5_000...]), on: stream)
        #expect(world.settle())
        #expect(client.messages[stream.rawValue]?.status == 200)
        #expect(world.upstreams.first?.messages.values.first?.body == body)
        let next = try #require(
            client.request(.post, "/v1/chat/completions", body: body, length: body.count))
        #expect(world.settle())
        #expect(client.messages[next.rawValue]?.status == 413)
        #expect(world.leftovers() == "")
    }

    @Test("keeps its connections to the upstream", arguments: Pair.all)
    func connections(pair: Pair) throws {
        let world = try World(pair.setting)
        let client = try world.connect()
        for _ in 0..<5 {
            let stream = try #require(client.request(.get, "/v1/models/a"))
            #expect(world.settle())
            #expect(client.messages[stream.rawValue]?.status == 200)
            try world.adopt(pair.setting)
        }
        #expect(world.network.attempts == 1)
        #expect(world.leftovers() == "")
    }

    @Test("takes over shorter times for what begins afterwards")
    func timeouts() throws {
        let world = try World()
        var setting = world.setting
        setting.timeouts.keepAliveIdle = 1_000
        let old = try world.connect()
        try world.adopt(setting)
        let client = try world.connect()
        for peer in [old, client] { peer.request(.get, "/health") }
        #expect(world.settle())
        world.pass(milliseconds: 3_000)
        #expect(old.line.isReleased && client.line.isReleased)
        #expect(world.leftovers() == "")
    }

    // MARK: Upstreams

    private func upstreams(_ world: World, at port: UInt16) -> [Peer] {
        world.upstreams.filter { $0.line.address?.port == port }
    }

    @Test(
        "ends what is under way at the old upstream, asks the new one for what comes",
        arguments: Pair.all)
    func anotherUpstream(pair: Pair) throws {
        let world = try World(pair.setting)
        let client = try world.connect()
        let body = pattern(40_000)
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: body, endsAt: 20_000) }
        let stream = try #require(client.request(.get, "/v1/files/a"))
        #expect(world.settle())
        var setting = pair.setting
        setting.port = 9_100
        try world.adopt(setting, isRenewed: true)
        world.onUpstreamEnd = { $0.respond(204, on: $1, body: [], length: 0) }
        let other = try world.connect()
        let next = try #require(other.request(.get, "/v1/files/b"))
        #expect(world.settle())
        #expect(other.messages[next.rawValue]?.status == 204)
        #expect(upstreams(world, at: 9_100).map(\.messages.count) == [1])
        let old = try #require(upstreams(world, at: 9_000).first)
        #expect(!old.line.isReleased && world.core.retired.count == 1)
        old.send(Array(body[20_000...]), on: StreamID(try #require(old.messages.keys.first)))
        #expect(world.settle())
        #expect(client.messages[stream.rawValue]?.body == body)
        #expect(old.line.isReleased && old.messages.count == 1)
        #expect(world.core.retired.isEmpty)
        #expect(world.leftovers() == "")
    }

    @Test("closes idle connections to an upstream that has changed", arguments: Pair.all)
    func idle(pair: Pair) throws {
        let world = try World(pair.setting)
        let client = try world.connect()
        client.request(.get, "/v1/models/a")
        #expect(world.settle())
        let old = try #require(world.upstreams.first)
        #expect(!old.line.isReleased)
        try world.adopt(pair.setting, isRenewed: true)
        #expect(world.settle())
        #expect(old.line.isReleased && world.core.retired.isEmpty)
        #expect(world.leftovers() == "")
    }

    @Test(
        "sends a body that was being collected where its request was meant for",
        arguments: Pair.all)
    func collected(pair: Pair) throws {
        let world = try World(pair.setting)
        let client = try world.connect()
        let body = Array("{\"model\":\"m\",\"x\":\"\(String(repeating: "a", count: 9_000))\"}".utf8)
        let stream = try #require(
            client.request(
                .post, "/v1/chat/completions", body: body, length: body.count, endsAt: 5_000))
        #expect(world.settle())
        var setting = pair.setting
        setting.port = 9_100
        try world.adopt(setting, isRenewed: true)
        client.send(Array(body[5_000...]), on: stream)
        #expect(world.settle())
        #expect(client.messages[stream.rawValue]?.status == 200)
        #expect(world.upstreams.map { $0.line.address?.port } == [9_000])
        #expect(world.upstreams.first?.line.isReleased == true)
        #expect(world.leftovers() == "")
    }

    @Test("serves those who wait for a connection when the upstream changes", arguments: Pair.all)
    func waiting(pair: Pair) throws {
        var setting = pair.setting
        setting.isAutomatic = false
        setting.limits = PoolLimits(connections: 1, pending: 10, active: 10)
        let world = try World(setting)
        let clients = try (0..<3).map { _ in try world.connect() }
        let streams = clients.map { $0.request(.get, "/v1/models/a") }
        #expect(world.settle())
        setting.port = 9_100
        try world.adopt(setting, isRenewed: true)
        for _ in 0..<4 {
            world.acceptUpstream()
            #expect(world.settle())
        }
        for (client, stream) in zip(clients, streams) {
            #expect(client.messages[try #require(stream).rawValue]?.status == 200)
        }
        #expect(upstreams(world, at: 9_100).isEmpty)
        #expect(world.core.retired.isEmpty)
        #expect(world.leftovers() == "")
    }

    @Test("remembers which endpoint was left out when weights and bounds change")
    func ejection() throws {
        var setting = World.Setting()
        setting.weights = [1, 1]
        let world = try World(setting)
        let client = try world.connect()
        func ask() {
            for _ in 0..<30 {
                client.request(.get, "/v1/models/a")
                world.settle()
            }
        }
        func requests() -> Int { upstreams(world, at: 9_000).reduce(0) { $0 + $1.messages.count } }
        world.onUpstreamEnd = {
            let isFirst = $0.line.address?.port == 9_000
            $0.respond(isFirst ? 500 : 200, on: $1, body: [], length: 0)
        }
        ask()
        #expect(world.core.counts(ofUpstream: 0).fitEndpoints == 1)
        let before = requests()
        setting.weights = [5, 1]
        setting.limits.active = 100
        try world.adopt(setting, isRenewed: true)
        ask()
        #expect(requests() == before)
        // Another place has no past.
        setting.port = 9_100
        try world.adopt(setting, isRenewed: true)
        #expect(world.core.counts(ofUpstream: 0).fitEndpoints == 2)
        #expect(world.leftovers() == "")
    }

    @Test("believes no news of an upstream it does not have any more")
    func lateNews() throws {
        let world = try World()
        let former = world.snapshot.upstreams[0]
        try world.adopt(world.setting, isRenewed: true)
        world.core.checked([(former, [false])])
        world.core.resolved([(former, [[World.address(ofEndpoint: 7)]])])
        let client = try world.connect()
        let stream = try #require(client.request(.get, "/v1/models/a"))
        #expect(world.settle())
        #expect(client.messages[stream.rawValue]?.status == 200)
        #expect(world.upstreams.first?.line.address?.port == 9_000)
        #expect(world.leftovers() == "")
    }
}
