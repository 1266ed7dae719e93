import HTTP
import Kernel
import Testing

@testable import HTTP2

@Suite("What a peer may cost a server")
struct BudgetTests {
    private let calm = "code 11"

    /// Sends `count` rounds of frames, one `receive` and one `write` each, until the connection
    /// fails.
    private func survive(
        _ server: Endpoint, _ count: Int, milliseconds: Int = 0,
        _ fill: (inout Wire, Int) -> Void
    ) -> (rounds: Int, last: String?) {
        server.exchange(Wire.opened)
        for round in 0..<count {
            var wire = Wire()
            fill(&wire, round)
            let answer = server.exchange(wire)
            if server.log.last == "failed" { return (round, answer.last) }
            server.now = server.now.advanced(milliseconds: milliseconds)
        }
        return (count, nil)
    }

    @Test("rapid reset: the hundred and first reset in no time ends the connection")
    func rapidReset() {
        let server = Endpoint(.server)
        let end = survive(server, 1_000) { wire, round in
            wire.headers(2 * round + 1, Wire.request(), end: true)
            wire.reset(2 * round + 1, 8)
        }
        #expect(end.rounds == 100)
        #expect(end.last?.hasSuffix(calm) == true)
        #expect(server.codec.isFinished)
    }

    @Test("thirty resets a second are an honest client's")
    func slowResets() {
        let server = Endpoint(.server)
        let end = survive(server, 1_000, milliseconds: 33) { wire, round in
            wire.headers(2 * round + 1, Wire.request(), end: true)
            wire.reset(2 * round + 1, 8)
        }
        #expect(end.rounds == 1_000)
        #expect(server.codec.openStreams == 0)
    }

    /// Ways to make a server reset a stream (CVE-2025-8671).
    static let provocations: [(String, @Sendable (inout Wire, Int) -> Void)] = [
        (
            "window overflow",
            { wire, id in
                wire.headers(id, Wire.request(), end: true)
                wire.windowUpdate(id, 0x7fff_ffff)
            }
        ),
        (
            "window update of 0",
            { wire, id in
                wire.headers(id, Wire.request(), end: true)
                wire.windowUpdate(id, 0)
            }
        ),
        (
            "malformed trailers",
            { wire, id in
                wire.headers(id, Wire.request("POST"), end: false)
                wire.headers(id, [("X", "1")])
            }
        ),
        (
            "more DATA than Content-Length",
            { wire, id in
                wire.headers(id, Wire.request("POST", with: [("content-length", "1")]), end: false)
                wire.data(id, [1, 2], end: true)
            }
        ),
        ("a malformed request", { wire, id in wire.headers(id, Wire.request("GET", "x")) }),
    ]

    @Test("provoked resets count like received ones", arguments: provocations)
    func madeYouReset(way: String, _ fill: @Sendable (inout Wire, Int) -> Void) {
        let server = Endpoint(.server)
        let end = survive(server, 1_000) { wire, round in fill(&wire, 2 * round + 1) }
        #expect(end.rounds <= 101, "\(way)")
        #expect(server.log.last == "failed", "\(way)")
    }

    @Test("resets pile up no higher than the bound when the peer does not read")
    func unreadResets() {
        let server = Endpoint(.server)
        var wire = Wire.opened
        for index in 0..<3_000 { wire.headers(2 * index + 1, Wire.request("GET", "x")) }
        server.receive(wire.bytes.span)
        #expect(server.log.last == "failed")
        #expect(server.output().count < 200_000)
    }

    static let useless: [(String, @Sendable (inout Wire) -> Void)] = [
        ("PING", { $0.frame(6, [0, 0, 0, 0, 0, 0, 0, 0]) }),
        ("PING ack", { $0.frame(6, flags: 1, [0, 0, 0, 0, 0, 0, 0, 0]) }),
        ("SETTINGS", { $0.frame(4) }),
        ("empty DATA", { $0.data(1, []) }),
        ("DATA of padding", { $0.frame(0, flags: 8, stream: 1, [3, 0, 0, 0]) }),
        ("PRIORITY", { $0.frame(2, stream: 9, [0, 0, 0, 3, 1]) }),
        ("WINDOW_UPDATE", { $0.windowUpdate(0, 1) }),
        ("WINDOW_UPDATE of a stream", { $0.windowUpdate(1, 1) }),
        ("an unknown type", { $0.frame(0x42, [1, 2, 3]) }),
        ("ALTSVC", { $0.frame(10, [0, 0]) }),
        ("PRIORITY_UPDATE", { $0.frame(0x10, [0, 0, 0, 1, 0x75, 0x3d, 0x31]) }),
    ]

    @Test("a flood of frames that carry nothing ends the connection", arguments: useless)
    func flood(name: String, _ fill: @Sendable (inout Wire) -> Void) {
        let server = Endpoint(.server)
        let end = survive(server, 2_000) { wire, round in
            if round == 0 { wire.headers(1, Wire.request("POST"), end: false) }
            fill(&wire)
        }
        #expect(end.rounds > 900, "\(name)")
        #expect(end.rounds < 1_030, "\(name)")
        #expect(end.last?.hasSuffix(calm) == true, "\(name)")
    }

    static let passedBy: [(String, @Sendable (inout Wire) -> Void)] = [
        ("empty DATA", { $0.data(1, []) }),
        ("an end", { $0.data(1, [], end: true) }),
        ("DATA", { $0.data(1, [7]) }),
        ("HEADERS", { $0.headers(1, Wire.request()) }),
        (
            "HEADERS and CONTINUATION",
            {
                $0.headers(1, Wire.request(), endHeaders: false)
                $0.frame(9, flags: Wire.endHeaders, stream: 1)
            }
        ),
    ]

    @Test("so does a flood of frames on a stream that is over", arguments: passedBy)
    func floodOnClosedStream(name: String, _ fill: @Sendable (inout Wire) -> Void) {
        let server = Endpoint(.server)
        let end = survive(server, 2_000) { wire, round in
            if round == 0 {
                wire.headers(1, Wire.request(), end: true)
                wire.reset(1, 8)
            }
            fill(&wire)
        }
        #expect(end.rounds > 400, "\(name)")
        #expect(end.rounds < 1_030, "\(name)")
        #expect(end.last?.hasSuffix(calm) == true, "\(name)")
    }

    @Test("a flood of GOAWAY ends the connection")
    func goAways() {
        let server = Endpoint(.server)
        let end = survive(server, 2_000) { wire, round in
            if round == 0 { wire.headers(1, Wire.request("POST"), end: false) }
            wire.goAway(0)
        }
        #expect(end.rounds < 1_030)
    }

    @Test("heads that grow while they are decoded are held up to a bound, the rest refused")
    func heldHeads() {
        var limits = CodecLimits()
        limits.connectionHeadBytes = 5_000
        let server = Endpoint(.server, limits: limits)
        let field = ("x-large", String(repeating: "a", count: 2_000))
        let requests = { (ids: [Int]) in
            var wire = Wire()
            for id in ids { wire.headers(id, Wire.request(with: [field]), end: true) }
            return wire
        }
        server.exchange(Wire.opened)
        let refused = server.exchange(requests([1, 3, 5]))
        #expect(server.log.count == 2)
        #expect(refused.contains { $0.contains("5") && $0.hasSuffix("code 7") })
        var wire = Wire()
        wire.reset(1, 8)
        server.exchange(wire)
        server.exchange(requests([7]))
        #expect(server.log.contains { $0.hasPrefix("head 7") })
    }

    @Test("a hundred PINGs a second are tolerated without end")
    func slowPings() {
        let server = Endpoint(.server)
        let end = survive(server, 5_000, milliseconds: 10) { wire, _ in
            wire.frame(6, [0, 0, 0, 0, 0, 0, 0, 0])
        }
        #expect(end.rounds == 5_000)
    }

    @Test("an honest client's window updates and PINGs are paid for by the data they answer")
    func honestUpdates() throws {
        let server = Endpoint(.server)
        var wire = Wire.opened
        wire.frame(4, [0, 4] + Wire.word(0x7fff_ffff))
        wire.windowUpdate(0, 0x7000_0000)
        wire.headers(1, Wire.request())
        server.exchange(wire)
        server.codec.respond(makeResponse(), on: StreamID(1), isEnd: false)
        for _ in 0..<5_000 {
            server.codec.send([1, 2, 3].span, on: StreamID(1))
            var wire = Wire()
            wire.windowUpdate(0, 3)
            wire.frame(6, [0, 0, 0, 0, 0, 0, 0, 0])
            server.exchange(wire)
        }
        #expect(server.log == ["head 1 GET https a.example / end"])
    }

    @Test("small DATA frames are no flood")
    func smallData() {
        let server = Endpoint(.server)
        let end = survive(server, 5_000) { wire, round in
            if round == 0 { wire.headers(1, Wire.request("POST"), end: false) }
            wire.data(1, [7])
        }
        #expect(end.rounds == 5_000)
        #expect(server.bodies[1]?.count == 5_000)
    }
}
