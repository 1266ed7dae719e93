import HTTP
import Kernel
import Testing

@testable import HTTP2

@Suite("Shutting a connection down")
struct ShutDownTests {
    @Test("a server announces first, then names its last stream, and finishes what is open")
    func server() throws {
        let pipe = Pipe()
        let first = try #require(pipe.client.codec.open(makeRequest(), isEnd: true))
        pipe.run()
        pipe.server.codec.shutDown()
        pipe.run()
        #expect(pipe.client.log == ["goingAway"])
        #expect(pipe.client.codec.availableStreams == 0)
        #expect(!pipe.server.codec.isFinished)
        pipe.server.codec.shutDown()
        pipe.run()
        #expect(!pipe.server.codec.isFinished)
        pipe.server.codec.respond(makeResponse(), on: first, isEnd: true)
        pipe.run()
        #expect(pipe.server.codec.isFinished)
        #expect(pipe.client.codec.isFinished)
        #expect(pipe.client.log == ["goingAway", "head 1 200 end", "closed 1"])
    }

    @Test("a request that crosses the announcement is still served")
    func crossing() throws {
        let pipe = Pipe()
        pipe.run()
        pipe.server.codec.shutDown()
        _ = try #require(pipe.client.codec.open(makeRequest(), isEnd: true))
        pipe.run()
        #expect(pipe.server.log == ["head 1 POST https a.example /v1 end"])
    }

    @Test("a request behind the final announcement is refused, even before that has left")
    func behindTheLast() throws {
        let pipe = Pipe()
        pipe.run()
        pipe.server.codec.shutDown()
        _ = try #require(pipe.client.codec.open(makeRequest(), isEnd: true))
        pipe.server.codec.shutDown()
        pipe.carry(from: pipe.client, to: pipe.server)
        pipe.run()
        #expect(pipe.server.log == [])
        #expect(pipe.client.log.last?.contains("reset 1") == true)
    }

    @Test("an idle server is finished with its second GOAWAY")
    func idle() {
        let server = Endpoint(.server)
        server.exchange(Wire.opened)
        server.codec.shutDown()
        #expect(server.exchange(Wire()) == ["GOAWAY 0 last 2147483647 code 0"])
        #expect(!server.codec.isFinished)
        server.codec.shutDown()
        #expect(server.exchange(Wire()) == ["GOAWAY 0 last 0 code 0"])
        #expect(server.codec.isFinished)
    }

    @Test("a client opens nothing more and is finished when its streams are")
    func client() throws {
        let pipe = Pipe()
        let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: true))
        pipe.run()
        pipe.client.codec.shutDown()
        #expect(pipe.client.codec.open(makeRequest(), isEnd: true) == nil)
        pipe.run()
        #expect(!pipe.client.codec.isFinished)
        pipe.server.codec.respond(makeResponse(), on: id, isEnd: true)
        pipe.run()
        #expect(pipe.client.codec.isFinished)
    }

    @Test("calls on streams that are gone do nothing")
    func gone() throws {
        let pipe = Pipe()
        let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        pipe.run()
        pipe.client.codec.reset(id, .cancel)
        pipe.run()
        let count = pipe.server.log.count
        for stream in [id, StreamID(0), StreamID(-1), StreamID(2), StreamID(.max)] {
            pipe.server.codec.respond(makeResponse(), on: stream, isEnd: false)
            pipe.server.codec.sendInterim(100, on: stream)
            pipe.server.codec.send([1].span, on: stream)
            pipe.server.codec.sendEnd(on: stream, trailers: nil)
            pipe.server.codec.reset(stream, .cancel)
            #expect(pipe.server.codec.pendingBytes(of: stream) == 0)
        }
        pipe.run()
        #expect(pipe.server.log.count == count)
        #expect(!pipe.server.codec.isFinished)
    }
}
