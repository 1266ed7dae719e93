import HTTP
import Kernel
import Testing

@testable import Proxy

/// Who speaks what: client and upstream.
struct Pair: Sendable, CustomStringConvertible {
    let client: Bool
    let upstream: Bool
    var description: String { "\(client ? "h2" : "h1") to \(upstream ? "h2" : "h1")" }
    static let all = [
        Pair(client: false, upstream: false), Pair(client: true, upstream: false),
        Pair(client: false, upstream: true), Pair(client: true, upstream: true),
    ]

    var setting: World.Setting {
        World.Setting(isClientHTTP2: client, isUpstreamHTTP2: upstream)
    }
}

@Suite("The relay, between a client and an upstream in memory") struct RelayTests {
    @Test("passes a body and its answer, byte for byte", arguments: Pair.all)
    func echo(pair: Pair) throws {
        for stride in [1, 7, 1_000, 65_536] {
            let world = try World(pair.setting)
            let client = try world.connect()
            client.stride = stride
            let body = pattern(stride == 1 ? 300 : 20_000)
            let stream = client.request(.post, "/v1/files/a", body: body, length: body.count)
            world.settle()
            let message = client.messages[try #require(stream).rawValue]
            #expect(message?.status == 200)
            #expect(message?.body == body)
            #expect(message?.isComplete == true)
            #expect(world.leftovers() == "")
        }
    }

    @Test("checks a JSON body and passes it on unchanged", arguments: Pair.all)
    func json(pair: Pair) throws {
        let world = try World(pair.setting)
        let client = try world.connect()
        let body = Array("{\"model\":\"m\",  \"x\":[1,2]}".utf8)
        let stream = client.request(.post, "/v1/chat/completions", body: body)
        world.settle()
        let message = client.messages[try #require(stream).rawValue]
        #expect(message?.status == 200)
        #expect(message?.body == body)
        #expect(world.upstreams.first?.messages.values.first?.target == "/v1/chat/completions")
        #expect(world.leftovers() == "")
    }

    @Test("holds a slow reader's bytes back at the sender", arguments: Pair.all)
    func backPressure(pair: Pair) throws {
        let world = try World(pair.setting)
        let client = try world.connect()
        let body = pattern(3_000_000)
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: body) }
        client.isLazy = true
        client.isStalled = !pair.client
        let stream = client.request(.get, "/v1/files/big")
        #expect(world.settle())
        let isHeld = (client.messages[try #require(stream).rawValue]?.body.count ?? 0) < 3_000_000
        #expect(isHeld)
        client.isStalled = false
        client.catchUp()
        #expect(world.settle(turns: 100_000))
        #expect(client.messages[try #require(stream).rawValue]?.body == body)
        #expect(world.leftovers() == "")
    }

    @Test("holds a fast sender back for a slow upstream", arguments: Pair.all)
    func uploadPressure(pair: Pair) throws {
        let world = try World(pair.setting)
        let client = try world.connect()
        let body = pattern(3_000_000, 5)
        var isFirst = true
        world.onUpstreamHead = { upstream, _ in
            if isFirst {
                upstream.isLazy = true
                upstream.isStalled = !pair.upstream
            }
            isFirst = false
        }
        let stream = client.request(.post, "/v1/files/big", body: body, length: body.count)
        #expect(world.settle())
        let upstream = try #require(world.upstreams.first)
        #expect((upstream.messages.values.first?.body.count ?? 0) < 3_000_000)
        upstream.isStalled = false
        upstream.catchUp()
        #expect(world.settle(turns: 100_000))
        #expect(client.messages[try #require(stream).rawValue]?.body == body)
        #expect(world.leftovers() == "")
    }

    @Test("answers a 5xx itself, and an early answer whole", arguments: Pair.all)
    func early(pair: Pair) throws {
        for status in [400, 500] {
            let world = try World(pair.setting)
            let client = try world.connect()
            world.onUpstreamHead = { $0.respond(status, on: $1, body: pattern(500), length: 500) }
            let stream = client.request(
                .post, "/v1/files/a", body: pattern(400_000), length: 400_000)
            #expect(world.settle())
            let message = client.messages[try #require(stream).rawValue]
            #expect(message?.status == (status == 500 ? 502 : 400))
            if status == 400 { #expect(message?.body == pattern(500)) }
            #expect(message?.isComplete == true)
            #expect(world.leftovers() == "")
        }
    }

    @Test("HEAD, no content and a GET with an ignored body are answered", arguments: Pair.all)
    func bodyless(pair: Pair) throws {
        let world = try World(pair.setting)
        let client = try world.connect()
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: [], length: nil) }
        let first = client.request(.head, "/v1/files/a")
        world.settle()
        #expect(client.messages[try #require(first).rawValue]?.isComplete == true)
        let second = client.request(.get, "/v1/files/a")
        world.settle()
        #expect(client.messages[try #require(second).rawValue]?.isComplete == true)
        let third = client.request(.post, "/v1/models/x", body: pattern(100_000))
        world.settle()
        #expect(client.messages[try #require(third).rawValue]?.status == 200)
        #expect(world.leftovers() == "")
    }
}
