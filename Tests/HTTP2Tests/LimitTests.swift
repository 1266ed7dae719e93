import HTTP
import Kernel
import Testing

@testable import HTTP2

@Suite("The limits of a server")
struct LimitTests {
    @Test("a head over its size is refused and answered, and its body is thrown away")
    func headBytes() {
        let server = Endpoint(.server)
        var wire = Wire.opened
        let large = String(repeating: "x", count: 12_000)
        let fields = Wire.request("POST", with: (0..<6).map { ("x-\($0)", large) })
        let block = Wire.block(fields)
        wire.frame(1, stream: 1, Array(block[..<16_000]))
        for start in stride(from: 16_000, to: block.count, by: 16_000) {
            let end = min(block.count, start + 16_000)
            wire.frame(9, flags: end == block.count ? 4 : 0, stream: 1, Array(block[start..<end]))
        }
        wire.data(1, pattern(1_000))
        server.exchange(wire)
        #expect(server.log == ["refused 1 fieldsTooLarge"])
        server.codec.respond(makeResponse(431), on: StreamID(1), isEnd: true)
        #expect(server.exchange(Wire()) == ["HEADERS 1 end", "RST_STREAM 1 code 0"])
        #expect(server.log == ["refused 1 fieldsTooLarge", "closed 1"])
        #expect(server.bodies.isEmpty)
    }

    @Test("indexed fields count with their decoded size, and what is over is not stored")
    func bomb() {
        let server = Endpoint(.server)
        var wire = Wire.opened
        // One field of 4,000 bytes enters the table; 30 one-byte references follow.
        var block = Wire.block(Wire.request())
        block += [0x40, 1, 0x78, 0x7f, 0xa1, 0x1e] + [UInt8](repeating: 0x61, count: 4_000)
        block += [UInt8](repeating: 0xbe, count: 30)
        wire.frame(1, flags: 5, stream: 1, block)
        server.exchange(wire)
        #expect(server.log == ["refused 1 fieldsTooLarge"])
        // The connection's compression state is whole: the next request may refer to the field.
        wire = Wire()
        wire.frame(1, flags: 5, stream: 3, Wire.block(Wire.request()) + [0xbe])
        server.exchange(wire)
        #expect(server.log.last?.hasPrefix("head 3 GET https a.example / [x=aaaa") == true)
    }

    @Test("a decompression bomb ends the connection long before it is decoded")
    func largeBomb() {
        let server = Endpoint(.server)
        var wire = Wire.opened
        var block = Wire.block(Wire.request())
        block += [0x40, 1, 0x78, 0x7f, 0xa1, 0x1e] + [UInt8](repeating: 0x61, count: 4_000)
        block += [UInt8](repeating: 0xbe, count: 12_000)
        wire.frame(1, flags: 5, stream: 1, block)
        let answer = server.exchange(wire)
        #expect(answer.last?.hasSuffix("code 11") == true)
        #expect(server.log == ["failed"])
    }

    @Test("a bomb in the trailers of a request that is refused already is one as well")
    func unwantedBomb() {
        var limits = CodecLimits()
        limits.fieldCount = 10
        let server = Endpoint(.server, limits: limits)
        var wire = Wire.opened
        let large = String(repeating: "a", count: 3_900)
        wire.frame(1, flags: 5, stream: 1, Wire.block(Wire.request()) + Wire.entry("x", large))
        wire.headers(3, Wire.request("POST", with: (0..<11).map { ("x-\($0)", "1") }), end: false)
        server.exchange(wire)
        #expect(server.log.last == "refused 3 fieldsTooLarge")
        wire = Wire()
        wire.frame(1, flags: 5, stream: 3, [UInt8](repeating: 0xbe, count: 12_000))
        #expect(server.exchange(wire).last?.hasSuffix("code 11") == true)
        #expect(server.log.last == "failed")
    }

    @Test("one field more than allowed is refused, the allowed number is not")
    func fieldCount() {
        var limits = CodecLimits()
        limits.fieldCount = 10
        let server = Endpoint(.server, limits: limits)
        var wire = Wire.opened
        wire.headers(1, Wire.request(with: (0..<10).map { ("x-\($0)", "1") }))
        wire.headers(3, Wire.request(with: (0..<11).map { ("x-\($0)", "1") }))
        server.exchange(wire)
        #expect(server.log.count == 2)
        #expect(server.log[0].hasPrefix("head 1"))
        #expect(server.log[1] == "refused 3 fieldsTooLarge")
    }

    @Test("a path over its limit is a fault of its own")
    func target() {
        var limits = CodecLimits()
        limits.targetBytes = 100
        let server = Endpoint(.server, limits: limits)
        var wire = Wire.opened
        wire.headers(1, Wire.request("GET", "/" + String(repeating: "a", count: 99)))
        wire.headers(3, Wire.request("GET", "/" + String(repeating: "a", count: 100)))
        server.exchange(wire)
        #expect(server.log.count == 2)
        #expect(server.log[0].hasPrefix("head 1"))
        #expect(server.log[1] == "refused 3 targetTooLong")
    }

    @Test("trailers over their size are refused")
    func trailers() {
        var limits = CodecLimits()
        limits.trailerBytes = 200
        let server = Endpoint(.server, limits: limits)
        var wire = Wire.opened
        wire.headers(1, Wire.request("POST"), end: false)
        wire.headers(1, [("x-t", String(repeating: "a", count: 300))])
        server.exchange(wire)
        #expect(
            server.log == ["head 1 POST https a.example /", "refused 1 fieldsTooLarge"])
        server.codec.respond(makeResponse(431), on: StreamID(1), isEnd: true)
        server.exchange(Wire())
        #expect(server.log.last == "closed 1")
    }

    @Test("a stream over the announced number breaks the connection")
    func concurrentStreams() {
        var limits = CodecLimits()
        limits.concurrentStreams = 5
        let server = Endpoint(.server, limits: limits)
        server.exchange(Wire.opened)
        var wire = Wire()
        wire.frame(4, flags: Wire.acknowledge)
        for index in 0..<6 { wire.headers(2 * index + 1, Wire.request()) }
        let answer = server.exchange(wire)
        #expect(answer.last?.hasPrefix("GOAWAY") == true)
        #expect(server.log.filter { $0.hasPrefix("head") }.count == 5)
        #expect(server.log.last == "failed")
    }

    @Test("the reset behind an early answer never waits for the next write")
    func answerAndReset() {
        for limit in [1, 9, 40, 100, 16_500] {
            let server = Endpoint(.server)
            var wire = Wire.opened
            wire.headers(1, Wire.request("POST"), end: false)
            server.exchange(wire)
            server.codec.respond(makeResponse(), on: StreamID(1), isEnd: false)
            server.codec.send(pattern(20_000).span, on: StreamID(1))
            server.codec.sendEnd(on: StreamID(1), trailers: nil)
            var turns: [[String]] = []
            while server.codec.hasOutput {
                turns.append(Wire.describe(server.output(limit: limit).bytes))
            }
            let last = Array(turns.last { !$0.isEmpty }?.suffix(2) ?? [])
            #expect(last == ["DATA 1 3616 end", "RST_STREAM 1 code 0"], "limit \(limit)")
            #expect(server.log.last == "closed 1")
        }
    }

    @Test("so it is with an answer that has no body")
    func bodilessAnswerAndReset() {
        let server = Endpoint(.server)
        var wire = Wire.opened
        wire.headers(1, Wire.request("POST"), end: false)
        server.exchange(wire)
        server.codec.respond(makeResponse(), on: StreamID(1), isEnd: true)
        let written = Wire.describe(server.output(limit: 1).bytes)
        #expect(written == ["HEADERS 1 end", "RST_STREAM 1 code 0"])
    }

    @Test("a body beyond the stream's window is a flow-control error")
    func window() {
        let server = Endpoint(.server)
        server.givesCredit = false
        server.exchange(Wire.opened)
        var wire = Wire()
        wire.frame(4, flags: Wire.acknowledge)
        wire.headers(1, Wire.request("POST"), end: false)
        for _ in 0..<5 { wire.data(1, pattern(16_000)) }
        let answer = server.exchange(wire)
        #expect(answer.last?.hasSuffix("code 3") == true)
        #expect(server.log.last == "failed" || server.log.last?.hasPrefix("reset 1") == true)
    }

    @Test("endless CONTINUATION frames end the connection")
    func continuation() {
        let server = Endpoint(.server)
        var wire = Wire.opened
        wire.headers(1, Wire.request(), endHeaders: false)
        for _ in 0..<80 { wire.frame(9, stream: 1, Wire.block([("x-a", "1")])) }
        let answer = server.exchange(wire)
        #expect(answer.last?.hasPrefix("GOAWAY") == true)
        #expect(server.log == ["failed"])
    }

    @Test("a head that has begun and not ended is visible to the driver's clock")
    func unfinished() {
        let server = Endpoint(.server)
        var wire = Wire.opened
        wire.headers(1, Wire.request(), endHeaders: false)
        server.exchange(wire)
        #expect(server.codec.hasUnfinishedHead)
        wire = Wire()
        wire.frame(9, flags: Wire.endHeaders, stream: 1)
        server.exchange(wire)
        #expect(!server.codec.hasUnfinishedHead)
        #expect(server.log == ["head 1 GET https a.example / end"])
    }

    @Test("a head that is not finished in time ends the connection, which has nobody to answer")
    func slowHead() {
        let server = Endpoint(.server)
        var wire = Wire.opened
        wire.headers(1, Wire.request(), endHeaders: false)
        server.exchange(wire)
        server.codec.headTimedOut()
        #expect(server.exchange(Wire()) == ["GOAWAY 0 last 1 code 11"])
        #expect(server.log == ["failed"])
        #expect(server.codec.isFinished)
        #expect(!server.codec.hasUnfinishedHead)
    }

    @Test("a time-out that comes when the head is complete does nothing")
    func lateTimeOut() {
        let server = Endpoint(.server)
        var wire = Wire.opened
        wire.headers(1, Wire.request())
        server.exchange(wire)
        server.codec.headTimedOut()
        server.exchange(Wire())
        #expect(server.log == ["head 1 GET https a.example / end"])
    }
}
