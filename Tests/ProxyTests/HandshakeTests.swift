import HTTP
import Kernel
import Testing

@testable import Proxy

@Suite("The handshake of WebSocket, between a client and an upstream in memory")
struct HandshakeTests {
    private func ask(
        _ pair: Pair, answer: @escaping (Peer, StreamID) -> Void,
        change: (inout World.Setting) -> Void = { _ in }
    ) throws -> (World, Message) {
        var setting = pair.setting
        change(&setting)
        let world = try World(setting)
        world.onUpstreamHead = answer
        world.onUpstreamEnd = { _, _ in }
        let client = try world.connect()
        let stream = try #require(client.openWebSocket())
        #expect(world.settle())
        return (world, try #require(client.messages[stream.rawValue]))
    }

    @Test("a refusal of the upstream passes, its 5xx does not", arguments: Pair.all)
    func refused(pair: Pair) throws {
        // Over HTTP/2 a 200 is the agreement itself.
        let cases = [(403, 403), (404, 404), (500, 502)] + (pair.upstream ? [] : [(200, 502)])
        for (status, told) in cases {
            let (world, message) = try ask(pair) {
                $0.respond(status, on: $1, body: pattern(100), length: 100)
            }
            #expect(message.status == told)
            #expect(!message.isTunnel)
            #expect(message.isComplete)
            if told == status { #expect(message.body == pattern(100)) }
            #expect(world.leftovers() == "")
        }
    }

    @Test("an HTTP/1.1 upstream has to prove that it read the request", arguments: [false, true])
    func accept(isClientHTTP2: Bool) throws {
        let pair = Pair(client: isClientHTTP2, upstream: false)
        for accept in ["", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="] {
            let (world, message) = try ask(pair) { $0.acceptWebSocket($1, accept: accept) }
            #expect(message.status == 502)
            #expect(world.upstreams.first?.line.hasGatewayEnded == true)
            #expect(world.leftovers() == "")
        }
    }

    @Test("an HTTP/2 upstream that does not offer it is not asked", arguments: [false, true])
    func notOffered(isClientHTTP2: Bool) throws {
        let pair = Pair(client: isClientHTTP2, upstream: true)
        let (world, message) = try ask(
            pair, answer: { $0.acceptWebSocket($1) },
            change: { $0.peerLimits.offersWebSocket = false })
        #expect(message.status == 502)
        #expect(world.upstreams.first?.messages.isEmpty == true)
        #expect(world.leftovers() == "")
    }

    @Test(
        "an HTTP/2 upstream that breaks before its settings fails the waiting", arguments: [1, 2])
    func breaksBeforeSettings(kind: Int) throws {
        var setting = Pair(client: false, upstream: true).setting
        setting.isAutomatic = false
        let world = try World(setting)
        let client = try world.connect()
        let stream = try #require(client.openWebSocket())
        world.settle()
        let line = try #require(world.network.connecting.first)
        line.isNewlyWritable = true
        world.core.ready(line.token, .writing)
        if kind == 1 { line.breakOff() } else { line.arriving.append([0, 0, 0, 0, 0, 0, 0, 0, 0]) }
        world.core.ready(line.token, .reading)
        world.turn()
        world.settle()
        #expect(client.messages[stream.rawValue]?.status == 502)
        #expect(world.leftovers() == "")
    }

    @Test("what a client says too early waits for the answer", arguments: [101, 403])
    func early(status: Int) throws {
        let world = try World(Pair(client: false, upstream: false).setting)
        var asked: (Peer, StreamID)?
        world.onUpstreamHead = { asked = ($0, $1) }
        world.onUpstreamEnd = { $0.send([], on: $1) }
        let client = try world.connect()
        client.openWebSocket()
        world.settle()
        let rest =
            "GET /v1/files/1?1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sk-test\r\n\r\n"
        client.line.arriving.append(utf8: rest)
        client.line.isNewlyReadable = true
        world.settle()
        let (upstream, stream) = try #require(asked)
        #expect(upstream.messages[stream.rawValue]?.body == [])
        if status == 101 {
            upstream.acceptWebSocket(stream)
        } else {
            upstream.respond(403, on: stream, body: [], length: 0)
        }
        world.settle()
        let body = upstream.messages[stream.rawValue]?.body
        #expect(body == (status == 101 ? Array(rest.utf8) : []))
        #expect(world.upstreams.count == 1)
        #expect(upstream.messages.count == 1)
        #expect(client.line.hasGatewayEnded == (status == 403))
        #expect(world.leftovers() == "")
    }

    @Test("a handshake on a kept connection that has died is made again on another")
    func again() throws {
        let world = try World(Pair(client: false, upstream: false).setting)
        let client = try world.connect()
        client.request(.get, "/v1/files/1")
        world.settle()
        let first = try #require(world.upstreams.first)
        first.isStalled = true
        world.onUpstreamHead = { $0.acceptWebSocket($1) }
        world.onUpstreamEnd = { $0.send([], on: $1) }
        let stream = try #require(client.openWebSocket())
        world.settle()
        first.line.breakOff()
        world.settle()
        #expect(client.messages[stream.rawValue]?.status == 101)
        #expect(world.upstreams.count == 2)
        #expect(world.leftovers() == "")
    }
}
