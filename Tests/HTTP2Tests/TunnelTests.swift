import HTTP
import Kernel
import Testing

@testable import HTTP2

@Suite("WebSocket by extended CONNECT")
struct TunnelTests {
    private static var offering: CodecLimits {
        var limits = CodecLimits()
        limits.offersWebSocket = true
        return limits
    }

    private static let request = [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
        (":authority", "a.example"), (":path", "/v1/realtime?model=m"),
        ("sec-websocket-version", "13"),
    ]

    /// What a client sends: the request, two pieces, its end.
    private static var session: [UInt8] {
        var wire = Wire.opened
        wire.headers(1, request, end: false)
        wire.data(1, pattern(50))
        wire.data(1, pattern(30), end: true)
        return wire.bytes
    }

    private static func accepting() -> Endpoint {
        let server = Endpoint(.server, limits: offering)
        server.onEvent = { endpoint, event in
            guard case .head(let id, let head, _) = event else { return }
            #expect(head.isWebSocket)
            let answer = makeResponse(200)
            answer.isWebSocket = true
            endpoint.codec.respond(answer, on: id, isEnd: false)
        }
        return server
    }

    private static let events = [
        "head 1 GET https a.example /v1/realtime?model=m [sec-websocket-version=13]", "end 1",
    ]

    @Test("a server reads one as the GET it means, cut at every byte")
    func everyByte() {
        let bytes = Self.session
        for cut in 0...bytes.count {
            let server = Self.accepting()
            server.receive(bytes.span.extracting(0..<cut))
            server.receive(bytes.span.extracting(cut..<bytes.count))
            #expect(server.log == Self.events, "cut at \(cut)")
            #expect(server.bodies[1] == pattern(50) + pattern(30))
        }
    }

    @Test("a server's own end does not end the client's direction")
    func serverEndsFirst() {
        let server = Self.accepting()
        var wire = Wire.opened
        wire.headers(1, Self.request, end: false)
        server.receive(wire.bytes.span)
        server.codec.send([1, 2, 3].span, on: StreamID(1))
        server.codec.sendEnd(on: StreamID(1), trailers: nil)
        _ = server.output()
        #expect(server.codec.openStreams == 1)
        var rest = Wire()
        rest.data(1, pattern(10), end: true)
        server.receive(rest.bytes.span)
        _ = server.output()
        #expect(server.bodies[1] == pattern(10))
        #expect(server.log == Self.events + ["closed 1"])
    }

    @Test("without the offer, with another protocol, or without one it is a malformed request")
    func refused() {
        var other = Self.request
        other[1].1 = "connect-udp"
        let plain = [(":method", "CONNECT"), (":authority", "a.example:443")]
        var get = Self.request
        get[0].1 = "GET"
        let cases = [
            (Self.request, CodecLimits()), (other, Self.offering), (plain, Self.offering),
            (get, Self.offering),
        ]
        for (fields, limits) in cases {
            let server = Endpoint(.server, limits: limits)
            var wire = Wire.opened
            wire.headers(1, fields, end: false)
            server.receive(wire.bytes.span)
            _ = server.output()
            #expect(!server.log.contains { $0.hasPrefix("head") }, "\(fields[0])")
            #expect(server.codec.openStreams == 0)
        }
    }

    // MARK: Client and server

    private func makePair(offers: Bool = true) -> (client: Endpoint, server: Endpoint) {
        let client = Endpoint(.client)
        let server = Endpoint(.server, limits: offers ? Self.offering : CodecLimits())
        exchange(client, server)
        return (client, server)
    }

    private func exchange(_ client: Endpoint, _ server: Endpoint) {
        for _ in 0..<6 {
            let forth = client.output()
            server.receive(forth.bytes)
            let back = server.output()
            client.receive(back.bytes)
        }
    }

    @Test("a client knows from the peer's settings whether it may ask")
    func offer() {
        #expect(!Endpoint(.client).codec.hasPeerSettings)
        for offers in [true, false] {
            let (client, _) = makePair(offers: offers)
            #expect(client.codec.hasPeerSettings)
            #expect(client.codec.allowsWebSocket == offers)
        }
    }

    @Test("both directions carry bytes and end one by one")
    func roundTrip() throws {
        let (client, server) = makePair()
        let request = makeRequest(.get, "/v1/realtime", [("sec-websocket-version", "13")])
        request.isWebSocket = true
        let stream = try #require(client.codec.open(request, isEnd: false))
        exchange(client, server)
        #expect(
            server.log == [
                "head 1 GET https a.example /v1/realtime [sec-websocket-version=13]"
            ])
        let answer = makeResponse(200)
        answer.isWebSocket = true
        server.codec.respond(answer, on: stream, isEnd: false)
        var isTunnel = false
        client.onEvent = { _, event in
            if case .head(_, let head, _) = event { isTunnel = head.isWebSocket }
        }
        exchange(client, server)
        #expect(isTunnel)
        client.codec.send(pattern(100_000).span, on: stream)
        client.codec.sendEnd(on: stream, trailers: nil)
        exchange(client, server)
        server.codec.send(pattern(70_000).span, on: stream)
        server.codec.sendEnd(on: stream, trailers: nil)
        exchange(client, server)
        #expect(server.bodies[1] == pattern(100_000))
        #expect(client.bodies[1] == pattern(70_000))
        #expect(client.log == ["head 1 200", "end 1", "closed 1"])
        #expect(server.log.suffix(2) == ["end 1", "closed 1"])
    }

    @Test("a refusal, and a success that ends its stream, are no tunnel", arguments: [200, 403])
    func notAccepted(status: Int) throws {
        let (client, server) = makePair()
        let request = makeRequest(.get, "/v1/realtime")
        request.isWebSocket = true
        let stream = try #require(client.codec.open(request, isEnd: false))
        exchange(client, server)
        server.codec.respond(makeResponse(status), on: stream, isEnd: true)
        var isTunnel = true
        client.onEvent = { _, event in
            if case .head(_, let head, _) = event { isTunnel = head.isWebSocket }
        }
        exchange(client, server)
        #expect(!isTunnel)
        #expect(client.log.first == "head 1 \(status) end")
    }
}
