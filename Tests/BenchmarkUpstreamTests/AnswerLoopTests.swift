import Kernel
import Testing

@testable import BenchmarkUpstream

@Suite("The benchmark upstream over a socket")
struct AnswerLoopTests {
    private let loop: AnswerLoop
    private let address: SocketAddress

    init() throws {
        loop = try AnswerLoop(on: #require(SocketAddress("127.0.0.1:0")))
        address = try #require(loop.localAddress)
    }

    /// Sends `request` and takes turns with the loop until it closes the connection; every request
    /// of these tests ends with one that asks for that.
    private func answers(to request: [UInt8]) throws -> String {
        let socket = try Socket.connect(to: address)
        var sent = 0
        var received = ByteBuffer()
        // The bound only ends a test that would never end; a turn waits for a millisecond at most.
        for _ in 0..<30_000 {
            try loop.turn(waitingAtMost: 1)
            if sent < request.count {
                let rest = request.span.extracting(sent..<request.count)
                if case .wrote(let count) = socket.write(rest) { sent += count }
            }
            let outcome = socket.read(into: &received, atMost: 65_536)
            if outcome == .endOfFile { return received.text }
            if case .failed = outcome { break }
        }
        Issue.record("the connection did not end in order")
        return received.text
    }

    private func answers(to request: String) throws -> String {
        try answers(to: Array(request.utf8))
    }

    private let last = "GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n"

    @Test("answers pipelined requests in order, also behind a stream and a blob")
    func pipelining() throws {
        let text = try answers(
            to: "GET / HTTP/1.1\r\n\r\nGET /sse?chunks=3&delay=1 HTTP/1.1\r\n\r\n"
                + "GET /blob?bytes=5 HTTP/1.1\r\n\r\nHEAD / HTTP/1.1\r\n\r\n" + last)
        let heads = text.matches(of: /HTTP\/1\.1 200 OK/)
        #expect(heads.count == 5)
        #expect(text.matches(of: /data:\s\{/).count == 3)
        #expect(text.matches(of: /data:\s\[DONE\]/).count == 1)
        #expect(text.contains("0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-type: application/octet-stream"))
        #expect(text.contains("\r\n\r\nxxxxxHTTP/1.1 200 OK"))
        #expect(text.hasSuffix("}}"))
    }

    @Test("sends a blob that no socket buffer holds, to its last byte")
    func blob() throws {
        let text = try answers(to: "GET /blob?bytes=20000001 HTTP/1.1\r\n\r\n" + last)
        let body = text.utf8.drop { $0 != 0x78 }.prefix { $0 == 0x78 }
        #expect(body.count == 20_000_001)
    }

    @Test("swallows an upload of any length and says how long it was")
    func sink() throws {
        let head = "PUT /sink HTTP/1.1\r\ncontent-length: 9000000\r\n\r\n"
        let body = [UInt8](repeating: 0x61, count: 9_000_000)
        let text = try answers(to: Array(head.utf8) + body + Array(last.utf8))
        #expect(text.contains("{\"bytes\":9000000}"))
        #expect(text.hasSuffix("}}"))
    }

    @Test("streams to a body that asks for it")
    func streamedCompletion() throws {
        let text = try answers(
            to: "POST / HTTP/1.1\r\ncontent-length: 15\r\n\r\n{\"stream\":true}" + last)
        #expect(text.matches(of: /data:\s\{/).count == 100)
        #expect(text.hasSuffix("}}"))
    }

    @Test("refuses and closes what is no request")
    func refusal() throws {
        #expect(try answers(to: "rubbish\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
    }
}
