import HTTP
import Kernel
import Testing

@testable import HTTP2

@Suite("Requests and responses between a client and a server codec")
struct ExchangeTests {
    /// A server that answers every complete request with 200 and the bytes it received.
    private func echoing(_ pipe: Pipe) {
        pipe.server.onEvent = { server, event in
            switch event {
            case .head(let id, _, isEnd: true): answer(server, id)
            case .end(let id, _): answer(server, id)
            default: break
            }
        }
    }

    private func answer(_ server: Endpoint, _ id: StreamID) {
        let body = server.bodies[id.rawValue] ?? []
        server.codec.respond(makeResponse(200, [("x-a", "1")]), on: id, isEnd: body.isEmpty)
        server.codec.send(body.span, on: id)
        server.codec.sendEnd(on: id, trailers: nil)
    }

    @Test("a request without a body is answered, and both sides see the stream close")
    func bodiless() throws {
        let pipe = Pipe()
        echoing(pipe)
        let id = try #require(
            pipe.client.codec.open(makeRequest(.get, "/x?y=1", [("x-b", "2")]), isEnd: true))
        pipe.run()
        #expect(id == StreamID(1))
        #expect(
            pipe.server.log == ["head 1 GET https a.example /x?y=1 [x-b=2] end", "closed 1"])
        #expect(pipe.client.log == ["head 1 200 [x-a=1] end", "closed 1"])
        #expect(pipe.client.codec.openStreams == 0)
        #expect(pipe.server.codec.openStreams == 0)
    }

    @Test("bodies larger than every window pass both ways", arguments: [nil, 1, 2, 3] as [UInt64?])
    func largeBodies(seed: UInt64?) throws {
        let pipe = Pipe(seed: seed)
        echoing(pipe)
        let body = pattern(1_300_000)
        let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        pipe.client.codec.send(body.span, on: id)
        pipe.client.codec.sendEnd(on: id, trailers: nil)
        pipe.run()
        #expect(pipe.server.bodies[1] == body, "seed \(String(describing: seed))")
        #expect(pipe.client.bodies[1] == body, "seed \(String(describing: seed))")
        #expect(pipe.client.log == ["head 1 200 [x-a=1]", "end 1", "closed 1"])
    }

    @Test("Content-Length is written from the head and read into it")
    func contentLength() throws {
        let pipe = Pipe()
        let request = makeRequest()
        request.contentLength = 5
        let id = try #require(pipe.client.codec.open(request, isEnd: false))
        pipe.client.codec.send("hello".utf8.span, on: id)
        pipe.client.codec.sendEnd(on: id, trailers: nil)
        pipe.run()
        #expect(
            pipe.server.log == [
                "head 1 POST https a.example /v1 length=5 [content-length=5]", "end 1",
            ])
    }

    @Test("trailers follow the body in both directions")
    func trailers() throws {
        let pipe = Pipe()
        pipe.server.onEvent = { server, event in
            guard case .end(let id, _) = event else { return }
            server.codec.respond(makeResponse(), on: id, isEnd: false)
            server.codec.send("abc".utf8.span, on: id)
            server.codec.sendEnd(
                on: id, trailers: makeResponse(0, [("x-sum", "9"), ("content-length", "3")]))
        }
        let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        pipe.client.codec.send("abc".utf8.span, on: id)
        pipe.client.codec.sendEnd(on: id, trailers: makeResponse(0, [("x-t", "1")]))
        pipe.run()
        #expect(
            pipe.server.log == ["head 1 POST https a.example /v1", "end 1 [x-t=1]", "closed 1"])
        #expect(pipe.client.log == ["head 1 200", "end 1 [x-sum=9]", "closed 1"])
        #expect(pipe.client.bodies[1] == Array("abc".utf8))
    }

    @Test("trailers behind an empty body end the stream")
    func trailersOnly() throws {
        let pipe = Pipe()
        pipe.server.onEvent = { server, event in
            guard case .head(let id, _, _) = event else { return }
            server.codec.respond(makeResponse(), on: id, isEnd: false)
        }
        let id = try #require(pipe.client.codec.open(makeRequest(.get), isEnd: true))
        pipe.run()
        pipe.server.codec.sendEnd(on: id, trailers: makeResponse(0, [("x-t", "1")]))
        pipe.run()
        #expect(pipe.client.log == ["head 1 200", "end 1 [x-t=1]", "closed 1"])
    }

    @Test("an interim response precedes the final one")
    func interim() throws {
        let pipe = Pipe()
        pipe.server.onEvent = { server, event in
            switch event {
            case .head(let id, _, _): server.codec.sendInterim(100, on: id)
            case .end(let id, _): answer(server, id)
            default: break
            }
        }
        let request = makeRequest(.post, "/v1", [("expect", "100-continue")])
        let id = try #require(pipe.client.codec.open(request, isEnd: false))
        pipe.run()
        #expect(pipe.client.log == ["interim 1 100"])
        pipe.client.codec.send("x".utf8.span, on: id)
        pipe.client.codec.sendEnd(on: id, trailers: nil)
        pipe.run()
        #expect(pipe.client.log == ["interim 1 100", "head 1 200 [x-a=1]", "end 1", "closed 1"])
    }

    @Test("the answer to HEAD may tell the length of a body it does not have")
    func head() throws {
        let pipe = Pipe()
        pipe.server.onEvent = { server, event in
            guard case .head(let id, _, _) = event else { return }
            let response = makeResponse()
            response.contentLength = 1_000
            server.codec.respond(response, on: id, isEnd: true)
        }
        _ = try #require(pipe.client.codec.open(makeRequest(.head), isEnd: true))
        pipe.run()
        #expect(
            pipe.client.log == ["head 1 200 length=1000 [content-length=1000] end", "closed 1"])
    }

    @Test("without credit the sender stalls at the stream's window, and goes on when it is given")
    func backPressure() throws {
        let pipe = Pipe()
        pipe.server.givesCredit = false
        pipe.client.logsDrained = true
        let body = pattern(200_000)
        let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        pipe.client.codec.send(body.span, on: id)
        pipe.run()
        #expect(pipe.server.bodies[1]?.count == 65_536)
        #expect(pipe.client.codec.pendingBytes(of: id) == 200_000 - 65_536)
        #expect(pipe.client.log.allSatisfy { $0 == "drained 1" })
        pipe.server.payOwed()
        pipe.run()
        #expect(pipe.server.bodies[1]?.count == 131_072)
        pipe.server.givesCredit = true
        pipe.server.payOwed()
        pipe.run()
        #expect(pipe.server.bodies[1] == body)
        #expect(pipe.client.codec.pendingBytes(of: id) == 0)
    }

    @Test("write stops near its limit and says that there is more")
    func writeLimit() throws {
        let pipe = Pipe()
        pipe.run()
        let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        pipe.client.codec.send(pattern(60_000).span, on: id)
        var output = ByteBuffer()
        let isMore = pipe.client.codec.write(into: &output, limit: 20_000)
        #expect(isMore)
        #expect(output.count >= 20_000)
        #expect(output.count < 20_000 + 16_393)
    }

    @Test("an early answer lets the client stop: RST_STREAM(NO_ERROR), and nothing is left open")
    func earlyAnswer() throws {
        let pipe = Pipe()
        pipe.server.givesCredit = false
        pipe.server.onEvent = { server, event in
            guard case .head(let id, _, _) = event else { return }
            server.codec.respond(makeResponse(413), on: id, isEnd: true)
        }
        let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        pipe.client.codec.send(pattern(200_000).span, on: id)
        pipe.run()
        #expect(pipe.server.log == ["head 1 POST https a.example /v1", "closed 1"])
        #expect(pipe.client.log == ["head 1 413 end", "reset 1 noError"])
        #expect(pipe.client.codec.openStreams == 0)
        #expect(pipe.server.codec.openStreams == 0)
    }

    @Test("resets carry their reason and silence the stream on the side that asked")
    func resets() throws {
        let pipe = Pipe()
        let first = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        let second = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        let third = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        pipe.run()
        pipe.client.codec.reset(first, .cancel)
        pipe.server.codec.reset(second, .internalError)
        pipe.server.codec.reset(third, .refusedStream)
        pipe.run()
        #expect(pipe.server.log.suffix(1) == ["reset 1 cancel"])
        #expect(
            pipe.client.log == ["reset 3 internalError", "reset 5 refusedStream unprocessed"])
        #expect(pipe.client.codec.openStreams == 0)
        #expect(pipe.server.codec.openStreams == 0)
    }

    @Test("a stream that is reset before its head has left is never seen by the server")
    func resetBeforeWriting() throws {
        let pipe = Pipe()
        let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        pipe.client.codec.reset(id, .cancel)
        pipe.run()
        #expect(pipe.server.log.isEmpty)
        #expect(pipe.client.log.isEmpty)
        #expect(pipe.client.codec.openStreams == 0)
    }

    @Test("events that wait when the driver resets their stream are taken back")
    func resetDropsEvents() throws {
        let pipe = Pipe()
        pipe.run()
        let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        pipe.client.codec.send("x".utf8.span, on: id)
        pipe.client.codec.sendEnd(on: id, trailers: nil)
        let bytes = pipe.client.output()
        _ = pipe.server.codec.receive(bytes.bytes, at: pipe.server.now)
        pipe.server.codec.reset(id, .refusedStream)
        #expect(pipe.server.codec.nextEvent() == nil)
        pipe.run()
        #expect(pipe.client.log == ["reset 1 refusedStream unprocessed"])
    }

    @Test("the peer's stream limit bounds what may be opened")
    func concurrency() throws {
        var limits = CodecLimits()
        limits.concurrentStreams = 3
        let pipe = Pipe(limits: limits)
        #expect(pipe.client.codec.availableStreams == 100)
        pipe.run()
        #expect(pipe.client.codec.availableStreams == 3)
        for _ in 0..<3 { #expect(pipe.client.codec.open(makeRequest(), isEnd: true) != nil) }
        #expect(pipe.client.codec.open(makeRequest(), isEnd: true) == nil)
        pipe.run()
        pipe.server.codec.respond(makeResponse(), on: StreamID(3), isEnd: true)
        pipe.run()
        #expect(pipe.client.codec.availableStreams == 1)
        #expect(pipe.client.codec.open(makeRequest(), isEnd: true) == StreamID(7))
    }

    @Test("streams opened beyond a limit the client did not know yet are refused as unprocessed")
    func overLimitAtStart() throws {
        var limits = CodecLimits()
        limits.concurrentStreams = 2
        let pipe = Pipe(limits: limits)
        for _ in 0..<4 { _ = pipe.client.codec.open(makeRequest(), isEnd: true) }
        pipe.run()
        #expect(pipe.server.log.count == 2)
        #expect(
            pipe.client.log == [
                "reset 5 refusedStream unprocessed", "reset 7 refusedStream unprocessed",
            ])
    }
}
