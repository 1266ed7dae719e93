import Kernel
import Testing

@testable import BenchmarkUpstream

@Suite("The benchmark upstream's request reader")
struct RequestReaderTests {
    /// Feeds `text` in pieces of `step` bytes, as a connection would.
    private func outcomes(_ text: String, step: Int) -> [RequestReader.Outcome] {
        var reader = RequestReader()
        var buffer = ByteBuffer()
        var found: [RequestReader.Outcome] = []
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let end = min(start + step, bytes.count)
            buffer.append(bytes.span.extracting(start..<end))
            start = end
            while !buffer.isEmpty {
                let (consumed, outcome) = reader.read(buffer.bytes)
                buffer.consume(consumed)
                if outcome == .needsMore { break }
                found.append(outcome)
                if outcome == .malformed { return found }
            }
        }
        return found
    }

    @Test(
        "finds the same requests wherever the bytes are cut", arguments: [1, 2, 3, 7, 64, 10_000])
    func cuts(step: Int) {
        let text =
            "GET /v1/models HTTP/1.1\r\nhost: a\r\n\r\n"
            + "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 32\r\n\r\n"
            + "{\"model\":\"m\",\"stream\": true     }"
            + "PUT /sink HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\ntrailer: t\r\n\r\n"
            + "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
            + "9\r\n{\"stream\"\r\n6\r\n:true}\r\n0\r\n\r\n"
            + "HEAD /blob?bytes=77 HTTP/1.0\r\n\r\n"
        let found = outcomes(text, step: step)
        #expect(
            found == [
                .complete(.init()),
                .complete(.init(demand: .standardEvents, bodyBytes: 32)),
                .complete(.init(demand: .sink, bodyBytes: 15)),
                .complete(.init(demand: .standardEvents, bodyBytes: 15)),
                .complete(.init(demand: .blob(bytes: 77), isHead: true, isLast: true)),
            ])
    }

    @Test(
        "refuses what is no request",
        arguments: [
            "rubbish\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET /\r\n\r\n",
            "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
            "GET / HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n",
            "GET / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n",
            "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            "GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
        ])
    func malformed(text: String) {
        #expect(outcomes(text, step: 4).last == .malformed)
    }

    @Test("gives up on a head that does not end")
    func endlessHead() {
        let text = "GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 12_000)
        #expect(outcomes(text, step: 8_000).last == .malformed)
    }

    @Test("asks for the body a client holds back")
    func expectation() {
        let text = "POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n{}"
        #expect(outcomes(text, step: 9) == [.expectsContinue, .complete(.init(bodyBytes: 2))])
    }

    @Test(
        "reads the demand from the target",
        arguments: [
            ("/sse", Demand.standardEvents),
            ("/sse?delay=0&chunks=3", .events(chunks: 3, delayMilliseconds: 0)),
            ("/sse?chunks=x", .standardEvents),
            ("/ssex", .completion),
            ("/sink?x", .sink),
            ("/blob", .blob(bytes: 0)),
            ("/blob?bytes=99999999999999999999", .blob(bytes: 0)),
            ("/v1/chat/completions", .completion),
        ])
    func demands(target: String, demand: Demand) {
        #expect(Demand.of(target: target.utf8.span) == demand)
    }

    @Test(
        "sees the stream flag and nothing like it",
        arguments: [
            ("{\"stream\":true}", true), ("{\"stream\":  true}", true),
            ("{\"stream\":false}", false), ("{\"streams\":true}", false),
            ("\"stream\":true", true), ("{\"stream\":tru", false), ("", false),
            ("\"stream\":false,\"stream\":true", true),
        ])
    func flag(body: String, isRaised: Bool) {
        #expect(StreamFlag.isRaised(in: body.utf8.span) == isRaised)
    }
}
