import Chance
import HTTP
import Kernel
import Testing

@testable import HTTP2

@Suite("The connection's window")
struct WindowTests {
    /// Streams that end in every possible way while bytes of theirs are on the way, in the queue,
    /// or with the driver, which gives credit for them late.
    private func abuse(_ pipe: Pipe, streams: Int, random: inout SeededRandom) {
        var open: [StreamID] = []
        let body = pattern(9_000)
        for _ in 0..<streams {
            if let id = pipe.client.codec.open(makeRequest(), isEnd: false) { open.append(id) }
            guard let id = open.randomElement(using: &random) else { continue }
            pipe.client.codec.send(body.span.extracting(0..<random.below(9_000)), on: id)
            if random.below(3) == 0 { pipe.carry(from: pipe.client, to: pipe.server) }
            switch random.below(6) {
            case 0: pipe.client.codec.reset(id, .cancel)
            case 1: pipe.server.codec.reset(id, .internalError)
            case 2: pipe.server.codec.respond(makeResponse(413), on: id, isEnd: true)
            case 3: pipe.client.codec.sendEnd(on: id, trailers: nil)
            default: break
            }
            if random.below(3) == 0 { pipe.carry(from: pipe.server, to: pipe.client) }
            if random.below(4) == 0 { pipe.server.payOwed() }
            if open.count > 60 { pipe.client.codec.reset(open.removeFirst(), .cancel) }
        }
        for id in open { pipe.client.codec.reset(id, .cancel) }
        pipe.run()
        pipe.server.payOwed()
        pipe.run()
    }

    @Test(
        "is whole after 10,000 streams that ended at random moments",
        arguments: [UInt64(1), 2, 3, 4])
    func leak(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var limits = CodecLimits()
        limits.connectionWindowBytes = 400_000
        limits.streamWindowBytes = 400_000
        var budgets = FrameBudgets()
        budgets.resetBurst = 1_000_000
        let pipe = Pipe(limits: limits, budgets: budgets, seed: seed)
        pipe.server.givesCredit = false
        for _ in 0..<4 {
            abuse(pipe, streams: 625, random: &random)
            try #require(pipe.server.codec.openStreams == 0, "seed \(seed)")
            pipe.server.bodies = [:]
            // The whole window, to the byte, must be open: without credit exactly so much arrives.
            let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
            pipe.client.codec.send(pattern(500_000).span, on: id)
            pipe.run()
            let arrived = pipe.server.bodies[id.rawValue]?.count ?? 0
            // A receiver announces credit from half a window on, so up to half may be unannounced.
            #expect(arrived > 200_000, "seed \(seed)")
            #expect(arrived <= 400_000, "seed \(seed)")
            pipe.server.payOwed()
            pipe.run()
            let all = pipe.server.bodies[id.rawValue]?.count ?? 0
            #expect(all == 500_000, "seed \(seed)")
            pipe.client.codec.reset(id, .cancel)
            pipe.run()
            pipe.server.payOwed()
            pipe.run()
        }
    }

    @Test("is given back by credit that comes after the stream's end")
    func lateCredit() throws {
        var limits = CodecLimits()
        limits.connectionWindowBytes = 65_535
        let pipe = Pipe(limits: limits)
        pipe.server.givesCredit = false
        for _ in 0..<40 {
            let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
            pipe.client.codec.send(pattern(60_000).span, on: id)
            pipe.client.codec.sendEnd(on: id, trailers: nil)
            pipe.run()
            #expect(pipe.server.bodies[id.rawValue]?.count == 60_000)
            pipe.server.codec.respond(makeResponse(), on: id, isEnd: true)
            pipe.run()
            #expect(pipe.server.codec.openStreams == 0)
            pipe.server.payOwed()
            pipe.run()
        }
    }

    @Test("is given back by the codec for what arrives on a refused or answered request")
    func discarded() throws {
        var limits = CodecLimits()
        limits.connectionWindowBytes = 65_535
        limits.fieldCount = 1
        let pipe = Pipe(limits: limits)
        pipe.server.givesCredit = false
        for _ in 0..<20 {
            let request = makeRequest(.post, "/", [("x-a", "1"), ("x-b", "2")])
            let id = try #require(pipe.client.codec.open(request, isEnd: false))
            pipe.client.codec.send(pattern(40_000).span, on: id)
            pipe.run()
            #expect(pipe.server.log.last == "refused \(id.rawValue) fieldsTooLarge")
            pipe.server.codec.respond(makeResponse(431), on: id, isEnd: true)
            pipe.run()
            #expect(pipe.server.log.last == "closed \(id.rawValue)")
        }
        let id = try #require(pipe.client.codec.open(makeRequest(), isEnd: false))
        pipe.client.codec.send(pattern(40_000).span, on: id)
        pipe.run()
        #expect(pipe.server.bodies[id.rawValue]?.count == 40_000)
    }

    @Test("is given back for bytes in events that the driver's reset takes out of the queue")
    func queuedEvents() {
        let server = Endpoint(.server)
        server.exchange(Wire.opened)
        for round in 0..<40 {
            var wire = Wire()
            let id = 2 * round + 1
            wire.headers(id, Wire.request("POST"), end: false)
            for _ in 0..<4 { wire.data(id, pattern(16_000)) }
            _ = server.codec.receive(wire.bytes.span, at: server.now)
            server.codec.reset(StreamID(Int32(id)), .cancel)
            server.handleEvents()
            server.exchange(Wire())
        }
        #expect(server.log.isEmpty)
        #expect(server.bodies.isEmpty)
        #expect(!server.codec.isFinished)
    }

    @Test("is given back for the rest of a DATA frame whose stream was reset in its middle")
    func middleOfFrame() {
        let server = Endpoint(.server)
        server.exchange(Wire.opened)
        for round in 0..<100 {
            var wire = Wire()
            let id = 2 * round + 1
            wire.headers(id, Wire.request("POST"), end: false)
            server.exchange(wire)
            wire = Wire()
            wire.data(id, pattern(16_000), end: true)
            server.receive(wire.bytes.span.extracting(0..<1_000))
            server.codec.reset(StreamID(Int32(id)), .cancel)
            server.receive(wire.bytes.span.extracting(1_000..<wire.bytes.count))
            server.exchange(Wire())
        }
        #expect(server.log.allSatisfy { $0.hasPrefix("head") })
        #expect(server.log.count == 100)
        #expect(server.codec.openStreams == 0)
    }
}
