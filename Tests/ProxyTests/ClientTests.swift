import HTTP
import Kernel
import Testing
import Upstream

@testable import Proxy

@Suite("Clients that leave, wait and dawdle") struct ClientTests {
    @Test("a half-closed client gets its answer, its connection ends, and nobody spins")
    func halfClose() throws {
        var setting = World.Setting()
        setting.allowsHalfClose = true
        let world = try World(setting)
        let client = try world.connect()
        world.onUpstreamEnd = { _, _ in }
        let stream = client.request(.get, "/v1/files/a")
        world.settle()
        client.line.endByPeer()
        #expect(world.settle())
        // Level flags stand in every later event of the poller.
        client.line.isNewlyEnded = true
        #expect(world.settle())
        let upstream = try #require(world.upstreams.first)
        upstream.respond(200, on: StreamID(1), body: pattern(1_000), length: 1_000)
        #expect(world.settle())
        #expect(client.messages[try #require(stream).rawValue]?.body == pattern(1_000))
        #expect(client.line.isReleased)
        #expect(world.leftovers() == "")
    }

    @Test("a half-closed client gets the answers to all it had sent")
    func halfClosePipelined() throws {
        var setting = World.Setting()
        setting.allowsHalfClose = true
        let world = try World(setting)
        let client = try world.connect()
        let text = "GET /health HTTP/1.1\r\nhost: gateway\r\n\r\n"
        for _ in 0..<3 { client.line.arriving.append(utf8: text) }
        client.isStalled = true
        client.line.endByPeer()
        #expect(world.settle())
        let answers = client.line.leaving.text
        #expect(answers.split(separator: "\r\n\r\n{").count == 4)
        #expect(client.line.isReleased)
        #expect(world.leftovers() == "")
    }

    @Test("a head that is under way is not cut off by the idle clock")
    func headAcrossIdle() throws {
        let world = try World()
        let client = try world.connect()
        client.request(.get, "/health")
        let text = "GET /health HTTP/1.1\r\nhost: gateway\r\n"
        world.pass(milliseconds: 73_000)
        client.line.arriving.append(utf8: text)
        client.line.isNewlyReadable = true
        client.isStalled = true
        world.pass(milliseconds: 5_000)
        #expect(!client.line.isReleased)
        let early = client.line.leaving.count
        #expect(early == 0)
        world.pass(milliseconds: 6_000)
        let answer = client.line.leaving.text
        #expect(answer.hasPrefix("HTTP/1.1 408"))
        #expect(world.leftovers() == "")
    }

    @Test("a client that dies while its upload is held back is noticed at once")
    func goneWhilePaused() throws {
        let world = try World()
        let client = try world.connect()
        world.onUpstreamHead = { upstream, _ in upstream.isStalled = true }
        client.request(.post, "/v1/files/a", body: pattern(3_000_000), length: 3_000_000)
        #expect(world.settle())
        client.line.breakOff()
        #expect(world.settle())
        #expect(world.core.sessions.count == 0)
        #expect(world.upstreams.first?.line.isReleased == true)
        #expect(world.leftovers() == "")
    }

    @Test("sending without reading does not hold off the write stall")
    func stallWithTrickle() throws {
        let world = try World()
        let client = try world.connect()
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: pattern(2_000_000)) }
        client.request(.get, "/v1/files/a")
        client.isStalled = true
        for _ in 0..<14 {
            world.pass(milliseconds: 10_000)
            guard !client.line.isReleased else { break }
            client.line.arriving.append(utf8: "G")
            client.line.isNewlyReadable = true
        }
        #expect(client.line.isReleased)
        #expect(world.leftovers() == "")
    }

    @Test("an upstream that trickles does not hold off the stall of a client that does not read")
    func stallWithTricklingUpstream() throws {
        let world = try World(World.Setting(isClientHTTP2: true, isUpstreamHTTP2: false))
        let client = try world.connect()
        let total = 300_000
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: pattern(total), endsAt: 70_000) }
        let stream = try #require(client.request(.get, "/v1/files/a"))
        client.isLazy = true
        world.settle()
        let upstream = try #require(world.upstreams.first)
        for _ in 0..<14 {
            world.pass(milliseconds: 10_000)
            upstream.codec.send(pattern(10).span, on: StreamID(1))
        }
        #expect(client.messages[stream.rawValue]?.isBroken == true)
        #expect(world.leftovers() == "")
    }

    @Test("an HTTP/2 connection without a request ends, whatever it sends meanwhile")
    func noRequest() throws {
        let world = try World(World.Setting(isClientHTTP2: true, isUpstreamHTTP2: false))
        let client = try world.connect()
        world.settle()
        let ping: [UInt8] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
        for _ in 0..<30 {
            world.pass(milliseconds: 5_000)
            client.line.arriving.append(ping)
            client.line.isNewlyReadable = true
        }
        #expect(client.line.isReleased)
        #expect(world.leftovers() == "")
    }

    @Test("an upload that waits for a stream is refused as overload, not blamed on the client")
    func queuedUpload() throws {
        var setting = World.Setting()
        setting.limits = PoolLimits(connections: 1, pending: 4, active: 4)
        let world = try World(setting)
        world.onUpstreamEnd = { _, _ in }
        let first = try world.connect()
        first.request(.get, "/v1/files/a")
        world.settle()
        let second = try world.connect()
        let stream = second.request(
            .post, "/v1/files/a", body: pattern(900_000), length: 900_000)
        world.settle()
        world.pass(milliseconds: 70_000)
        #expect(second.messages[try #require(stream).rawValue]?.status == 503)
        #expect(world.leftovers() == "")
    }
}
