import HTTP
import Kernel
import Testing

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
}
