import HTTP
import Kernel
import Testing
import Upstream

@testable import Proxy

/// What a seed of the simulation found, each in a few lines.
@Suite("Connections that take no bytes for a while") struct BlockedTests {
    @Test("a stream that was cancelled on a blocked connection keeps nobody busy")
    func cancelledWhileBlocked() throws {
        var setting = World.Setting(isClientHTTP2: true, isUpstreamHTTP2: true)
        setting.limits = PoolLimits(connections: 1, pending: 8, active: 8)
        setting.peerLimits.concurrentStreams = 1
        let world = try World(setting)
        world.onUpstreamEnd = { _, _ in }
        let client = try world.connect()
        let first = try #require(client.request(.get, "/v1/files/a"))
        world.settle()
        let upstream = try #require(world.upstreams.first)
        upstream.isStalled = true
        upstream.line.capacity = 0
        client.request(.get, "/v1/files/b")
        world.settle()
        client.reset(first)
        #expect(world.settle())
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: [], length: 0) }
        upstream.isStalled = false
        upstream.line.capacity = 65_536
        upstream.line.isNewlyWritable = true
        #expect(world.settle())
        #expect(client.messages.values.filter { $0.status == 200 }.count == 1)
        #expect(world.leftovers() == "")
    }

    @Test("a client that leaves is missed although its last bytes were too many to be taken")
    func leavesAsReadingStops() throws {
        var setting = World.Setting()
        setting.isAutomatic = false
        let world = try World(setting)
        let client = try world.connect()
        let body = pattern(390_000)
        client.line.capacity = 400_000
        client.request(.post, "/v1/files", body: body, length: body.count)
        while client.work(at: Instant(nanoseconds: world.nanoseconds)) {}
        client.line.endByPeer()
        #expect(world.settle())
        #expect(world.core.exchanges.count == 0)
        #expect(client.line.isReleased)
    }

    @Test("a drain lets the end of an answer leave")
    func drain() throws {
        let world = try World()
        let client = try world.connect()
        let body = pattern(10_000)
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: body, length: body.count) }
        client.line.capacity = 1_000
        client.isStalled = true
        let stream = try #require(client.request(.get, "/v1/files/a"))
        #expect(world.settle())
        #expect(world.core.exchanges.count == 0)
        world.core.drain()
        client.isStalled = false
        #expect(world.settle())
        #expect(client.messages[stream.rawValue]?.body.count == body.count)
        #expect(client.messages[stream.rawValue]?.isComplete == true)
        #expect(world.leftovers() == "")
    }

    @Test("a half-closed client gets the end of its answer, whatever the poller repeats")
    func halfClosed() throws {
        var setting = World.Setting()
        setting.allowsHalfClose = true
        let world = try World(setting)
        let client = try world.connect()
        let body = pattern(120_000)
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: body, length: body.count) }
        client.isStalled = true
        let stream = try #require(client.request(.get, "/v1/files/a"))
        #expect(world.settle())
        client.line.endByPeer()
        client.isStalled = false
        while client.messages[stream.rawValue]?.isComplete == false, !client.line.isReleased {
            client.line.isNewlyEnded = true
            world.turn()
        }
        #expect(world.settle())
        #expect(client.messages[stream.rawValue]?.body.count == body.count)
        #expect(client.line.isReleased)
        #expect(world.leftovers() == "")
    }

    @Test("a half-closed client that resets is gone at once")
    func halfClosedReset() throws {
        var setting = World.Setting()
        setting.allowsHalfClose = true
        let world = try World(setting)
        let client = try world.connect()
        world.onUpstreamEnd = { _, _ in }
        client.request(.get, "/v1/files/a")
        world.settle()
        client.line.endByPeer()
        #expect(world.settle())
        #expect(!client.line.isReleased)
        client.line.breakOff()
        let news = Readiness(isReading: true, isWriting: true, isEnding: true, isBreaking: true)
        world.core.ready(client.line.token, news)
        #expect(world.settle())
        #expect(client.line.isReleased)
        #expect(world.upstreams.first?.line.isReleased == true)
    }

    @Test("a client that leaves in the middle of the preface is gone at once")
    func goneInThePreface() throws {
        let world = try World()
        let client = try world.connect()
        client.line.arriving.append(utf8: "P")
        client.line.isNewlyReadable = true
        client.line.endByPeer()
        #expect(world.settle())
        #expect(client.line.isReleased)
    }

    @Test("a slow reader of the end of an answer is not idle")
    func slowReader() throws {
        let world = try World()
        let client = try world.connect()
        let body = pattern(10_000)
        client.line.capacity = 1_000
        client.isStalled = true
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: body, length: body.count) }
        let stream = try #require(client.request(.get, "/v1/files/a"))
        #expect(world.settle())
        #expect(world.core.exchanges.count == 0)
        client.stride = 500
        for _ in 0..<30 {
            client.isStalled = false
            world.turn()
            client.isStalled = true
            world.pass(milliseconds: 10_000)
        }
        let isWhole = client.messages[stream.rawValue]?.body == body
        #expect(isWhole)
    }
}
