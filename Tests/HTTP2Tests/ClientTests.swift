import HTTP
import Kernel
import Testing

@testable import HTTP2

@Suite("A client that meets servers at fault")
struct ClientTests {
    /// A client with `count` GET requests under way and a server's SETTINGS received.
    private func opened(_ count: Int = 1, limits: CodecLimits = CodecLimits()) -> Endpoint {
        let client = Endpoint(.client, limits: limits)
        var wire = Wire()
        wire.frame(4)
        client.exchange(wire)
        for _ in 0..<count { _ = client.codec.open(makeRequest(.get), isEnd: true) }
        client.exchange(Wire())
        return client
    }

    /// Responses that break a rule.
    static let malformed: [(String, [(String, String)])] = [
        ("no status", [("x-a", "1")]),
        ("a status of two digits", [(":status", "20")]),
        ("a status with letters", [(":status", "2x0")]),
        ("a status below 100", [(":status", "099")]),
        ("switching protocols", [(":status", "101")]),
        ("a request's pseudo-field", [(":status", "200"), (":path", "/")]),
        ("a connection-specific field", [(":status", "200"), ("connection", "close")]),
        ("transfer-encoding", [(":status", "200"), ("transfer-encoding", "chunked")]),
        ("an invalid value", [(":status", "200"), ("x-a", "1\n2")]),
        ("upper case", [(":status", "200"), ("X-A", "1")]),
        ("two lengths", [(":status", "200"), ("content-length", "1"), ("content-length", "2")]),
        ("a length that is none", [(":status", "200"), ("content-length", "x")]),
    ]

    @Test("resets the stream of a malformed response", arguments: malformed)
    func malformedResponse(rule: String, fields: [(String, String)]) {
        let client = opened()
        var wire = Wire()
        wire.headers(1, fields, end: false)
        #expect(client.exchange(wire) == ["RST_STREAM 1 code 1"], "\(rule)")
        #expect(client.log == ["reset 1 protocolError"], "\(rule)")
        #expect(client.codec.openStreams == 0)
        #expect(!client.codec.isFinished)
    }

    @Test("names with an underscore are a response's own affair")
    func underscore() {
        let client = opened()
        var wire = Wire()
        wire.headers(1, [(":status", "200"), ("x_a", "1")])
        client.exchange(wire)
        #expect(client.log == ["head 1 200 [x_a=1] end", "closed 1"])
    }

    @Test("a body that belies its Content-Length breaks the stream off")
    func contentLength() {
        for size in [2, 4] {
            let client = opened()
            var wire = Wire()
            wire.headers(1, [(":status", "200"), ("content-length", "3")], end: false)
            wire.data(1, pattern(size), end: true)
            client.exchange(wire)
            #expect(client.log.last == "reset 1 protocolError")
        }
    }

    @Test("interim responses are bounded")
    func interim() {
        let client = opened()
        var wire = Wire()
        for _ in 0..<17 { wire.headers(1, [(":status", "103")], end: false) }
        wire.headers(1, [(":status", "200")])
        client.exchange(wire)
        #expect(client.log.count == 17)
        #expect(client.log.prefix(16).allSatisfy { $0 == "interim 1 103" })
        #expect(client.log.last == "reset 1 protocolError")
    }

    @Test("a response head over the limit breaks its stream off")
    func headBytes() {
        var limits = CodecLimits()
        limits.headBytes = 1_000
        let client = opened(limits: limits)
        var wire = Wire()
        wire.headers(1, [(":status", "200"), ("x-a", String(repeating: "a", count: 1_000))])
        #expect(client.exchange(wire) == ["RST_STREAM 1 code 1"])
        #expect(client.log == ["reset 1 protocolError"])
    }

    @Test("GOAWAY gives back the streams above its last one as unprocessed")
    func goAway() {
        let client = opened(3)
        var wire = Wire()
        wire.goAway(1)
        client.exchange(wire)
        #expect(
            client.log == [
                "goingAway", "reset 3 refusedStream unprocessed",
                "reset 5 refusedStream unprocessed",
            ])
        #expect(client.codec.availableStreams == 0)
        #expect(client.codec.open(makeRequest(), isEnd: true) == nil)
        #expect(!client.codec.isFinished)
        wire = Wire()
        wire.headers(1, [(":status", "200")])
        client.exchange(wire)
        #expect(client.log.suffix(2) == ["head 1 200 end", "closed 1"])
        #expect(client.codec.isFinished)
    }

    @Test("GOAWAY before a request was written gives that request back too")
    func goAwayBeforeWriting() {
        let client = opened(1)
        _ = client.codec.open(makeRequest(.get), isEnd: true)
        var wire = Wire()
        wire.goAway(1)
        #expect(client.exchange(wire) == [])
        #expect(client.log == ["goingAway", "reset 3 refusedStream unprocessed"])
    }

    @Test("a refusal behind a response head is not a promise that nothing was done")
    func lateRefusal() {
        let client = opened()
        var wire = Wire()
        wire.headers(1, [(":status", "200")], end: false)
        wire.reset(1, 7)
        client.exchange(wire)
        #expect(client.log == ["head 1 200", "reset 1 refusedStream"])
    }

    @Test("a pushed stream is a connection error, since push is switched off")
    func push() {
        let client = opened()
        var wire = Wire()
        wire.frame(4, flags: Wire.acknowledge)
        wire.frame(5, flags: 4, stream: 1, Wire.word(2) + Wire.block(Wire.request()))
        let answer = client.exchange(wire)
        #expect(answer.last == "GOAWAY 0 last 0 code 1")
        #expect(client.log == ["failed"])
    }

    @Test("the end of the connection under way is a failure, an idle one just ends")
    func endOfFile() {
        let idle = opened(0)
        idle.codec.receivedEndOfFile()
        idle.handleEvents()
        #expect(idle.log.isEmpty)
        #expect(idle.codec.isFinished)
        let busy = opened(1)
        busy.codec.receivedEndOfFile()
        busy.handleEvents()
        #expect(busy.log == ["failed"])
        #expect(busy.codec.isFinished)
        #expect(!busy.codec.hasOutput)
    }

    @Test("a flood of PINGs by a server ends the connection as well")
    func flood() {
        let client = opened()
        for _ in 0..<1_100 {
            var wire = Wire()
            wire.frame(6, [0, 0, 0, 0, 0, 0, 0, 0])
            client.exchange(wire)
        }
        #expect(client.log == ["failed"])
    }
}
