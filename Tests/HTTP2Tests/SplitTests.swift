import Chance
import HTTP
import Kernel
import Testing

@testable import HTTP2

@Suite("How the bytes are cut does not matter")
struct SplitTests {
    /// Everything a client sends in a session of many kinds of frames.
    private var session: [UInt8] {
        var wire = Wire.opened
        wire.headers(1, Wire.request())
        wire.headers(3, Wire.request("POST", "/x", with: [("content-length", "300")]), end: false)
        wire.data(3, pattern(200))
        wire.frame(6, [1, 2, 3, 4, 5, 6, 7, 8])
        wire.data(3, pattern(100), end: true)
        wire.headers(5, Wire.request("GET", "no-slash"))
        wire.headers(7, Wire.request("POST"), end: false, endHeaders: false)
        wire.frame(9, flags: 4, stream: 7, Wire.block([("x-late", "1")]))
        wire.frame(0, flags: 8, stream: 7, [2] + pattern(50) + [0, 0])
        wire.headers(7, [("x-trailer", "t")])
        wire.headers(9, Wire.request(with: [("expect", "x")]))
        wire.headers(11, Wire.request("POST"), end: false)
        wire.data(11, pattern(40))
        wire.reset(11, 8)
        wire.frame(0x55, [9, 9, 9])
        wire.windowUpdate(0, 100)
        return wire.bytes
    }

    private func fed(_ server: Endpoint) -> [String] {
        server.log + server.bodies.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    }

    @Test("cutting a session in two at every byte gives the same events as one piece")
    func everyByte() {
        let bytes = session
        let whole = Endpoint(.server)
        whole.receive(bytes.span)
        let expected = fed(whole)
        #expect(expected.count == 11)
        for cut in 1..<bytes.count {
            let server = Endpoint(.server)
            server.receive(bytes.span.extracting(0..<cut))
            server.receive(bytes.span.extracting(cut..<bytes.count))
            #expect(fed(server) == expected, "cut at \(cut)")
        }
    }

    @Test("one byte at a time gives the same events as one piece")
    func singleBytes() {
        let bytes = session
        let whole = Endpoint(.server)
        whole.receive(bytes.span)
        let server = Endpoint(.server)
        for index in 0..<bytes.count { server.receive(bytes.span.extracting(index..<index + 1)) }
        #expect(fed(server) == fed(whole))
    }

    @Test("random bytes behind a preface never trap", arguments: [UInt64(1), 2, 3, 4, 5])
    func noise(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            let server = Endpoint(.server)
            var bytes = session
            for _ in 0..<1 + random.below(20) {
                bytes[24 + random.below(bytes.count - 24)] = UInt8(random.below(256))
            }
            server.receive(bytes.span)
            _ = server.output()
            server.codec.receivedEndOfFile()
            server.handleEvents()
            #expect(server.codec.isFinished, "seed \(seed)")
        }
    }
}
