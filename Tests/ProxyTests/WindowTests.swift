import HTTP
import Kernel
import Testing
import Upstream

@testable import Proxy

@Suite("Windows and streams of HTTP/2, through the relay") struct WindowTests {
    @Test("uploads that a client breaks off leave its connection's window whole")
    func brokenUploads() throws {
        var setting = World.Setting(isClientHTTP2: true, isUpstreamHTTP2: false)
        setting.isAutomatic = false
        let world = try World(setting)
        let client = try world.connect()
        for _ in 0..<40 {
            let stream = try #require(
                client.request(.post, "/v1/files/a", body: pattern(60_000), endsAt: 50_000))
            world.settle()
            client.reset(stream)
            world.settle()
        }
        world.acceptUpstream()
        let body = pattern(200_000)
        let stream = client.request(.post, "/v1/files/a", body: body, length: body.count)
        while world.settle(), !world.network.connecting.isEmpty { world.acceptUpstream() }
        #expect(client.messages[try #require(stream).rawValue]?.body.count == body.count)
        world.acceptUpstream()
        #expect(world.leftovers() == "")
    }

    @Test("answers that an upstream breaks off leave its connection's window whole")
    func brokenAnswers() throws {
        let world = try World(World.Setting(isClientHTTP2: true, isUpstreamHTTP2: true))
        let client = try world.connect()
        client.isLazy = true
        var breaksOff = true
        world.onUpstreamEnd = { upstream, stream in
            upstream.respond(
                200, on: stream, body: pattern(200_000), endsAt: breaksOff ? 120_000 : .max)
        }
        for _ in 0..<20 {
            let stream = try #require(client.request(.get, "/v1/files/a"))
            world.settle()
            let upstream = try #require(world.upstreams.last)
            for (id, message) in upstream.messages where !message.isClosed {
                upstream.reset(StreamID(id))
            }
            world.settle()
            client.reset(stream)
            world.settle()
        }
        breaksOff = false
        client.catchUp()
        let stream = client.request(.get, "/v1/files/a")
        world.settle()
        #expect(world.upstreams.count == 1)
        #expect(client.messages[try #require(stream).rawValue]?.body.count == 200_000)
        #expect(world.leftovers() == "")
    }

    @Test("a cancelled stream's place is used again on the same connection")
    func cancelledPlace() throws {
        var setting = World.Setting(isClientHTTP2: true, isUpstreamHTTP2: true)
        setting.limits = PoolLimits(connections: 1, pending: 8, active: 100)
        setting.peerLimits.concurrentStreams = 3
        let world = try World(setting)
        let client = try world.connect()
        // The limit is known once the first request was answered.
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: []) }
        client.request(.get, "/v1/files/a")
        world.settle()
        world.onUpstreamEnd = { _, _ in }
        var streams: [StreamID] = []
        for _ in 0..<4 { streams.append(try #require(client.request(.get, "/v1/files/a"))) }
        world.settle()
        client.reset(streams[0])
        world.settle()
        let upstream = try #require(world.upstreams.first)
        let waiting = upstream.messages.filter { !$0.value.isReset && !$0.value.isClosed }
        #expect(waiting.count == 3)
        for id in waiting.keys { upstream.respond(200, on: StreamID(id), body: []) }
        world.settle()
        #expect(client.messages[streams[3].rawValue]?.status == 200)
        #expect(!upstream.line.hasGatewayEnded)
        #expect(world.leftovers() == "")
    }
}
