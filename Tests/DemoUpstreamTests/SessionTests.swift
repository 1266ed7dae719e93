import HTTP
import Kernel
import Testing

@testable import DemoUpstream

@Suite("A session of the demo upstream")
struct SessionTests {
    private let session: Session
    private let start = Instant(nanoseconds: 1_000_000_000_000)

    init() {
        let heads = HeadPool()
        let codec = HTTP1Codec(
            role: .server, limits: CodecLimits(), heads: heads, isSecure: false)
        session = Session(codec: codec, heads: heads, files: FileShelf())
    }

    /// Passes `text` on in pieces of `step` bytes and returns what comes back.
    private func exchange(_ text: String, step: Int = .max, at now: Instant? = nil) -> String {
        let bytes = Array(text.utf8)
        var input = ByteBuffer()
        var output = ByteBuffer()
        var index = 0
        while index < bytes.count {
            let end = index + min(step, bytes.count - index)
            input.append(bytes.span.extracting(index..<end))
            index = end
            var taken = 0
            repeat {
                taken = session.receive(input.bytes, at: now ?? start)
                input.consume(taken)
                session.write(into: &output, limit: 1 << 20, at: now ?? start)
            } while taken > 0 && !input.isEmpty
        }
        session.write(into: &output, limit: 1 << 20, at: now ?? start)
        return output.text
    }

    private func post(_ path: String, _ body: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test("answers requests in a row, wherever their bytes are cut", arguments: [1, 5, 1_000])
    func pipelining(step: Int) {
        let text =
            post("/v1/chat/completions", "{\"model\":\"m\",\"messages\":[]}")
            + "GET /v1/models/none HTTP/1.1\r\nHost: a\r\n\r\n"
            + "HEAD /v1/models HTTP/1.1\r\nHost: a\r\n\r\n"
        let answers = exchange(text, step: step)
        #expect(answers.matches(of: /HTTP\/1\.1 (\d+)/).map { $0.1 } == ["200", "404", "200"])
        #expect(answers.matches(of: /x-request-id: req_\w+\r\n/).count == 3)
        #expect(answers.matches(of: /openai-processing-ms: \d+\r\n/).count == 3)
        #expect(answers.hasSuffix("\r\n\r\n"))
        #expect(session.isIdle)
    }

    @Test("sends the events of a stream one by one, at their time")
    func stream() {
        let body = "{\"model\":\"m\",\"messages\":[],\"stream\":true}"
        var all = exchange(post("/v1/chat/completions", body))
        #expect(all.contains("content-type: text/event-stream\r\n"))
        #expect(all.matches(of: /data:\s/).count == 1)
        #expect(session.nextDue == start.advanced(milliseconds: Session.pace))
        var output = ByteBuffer()
        session.advance(at: start.advanced(milliseconds: Session.pace - 1))
        session.write(into: &output, limit: 1 << 20, at: start)
        let early = output.count
        #expect(early == 0)
        var steps = 0
        while let due = session.nextDue {
            session.advance(at: due)
            session.write(into: &output, limit: 1 << 20, at: due)
            steps += 1
        }
        all += output.text
        #expect(all.matches(of: /data:\s/).count == steps + 1)
        #expect(all.contains("data: [DONE]"))
        #expect(all.hasSuffix("0\r\n\r\n"))
        #expect(session.isIdle)
        #expect(exchange("GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n").hasPrefix("HTTP/1.1 200"))
    }

    @Test("tells a client that waits to go on, and refuses what is too long before it comes")
    func expectations() {
        let head = "POST /v1/files HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
        #expect(exchange(head + "4\r\n\r\n").hasPrefix("HTTP/1.1 100 "))
        #expect(exchange("abcd").hasPrefix("HTTP/1.1 400 "))
        let refused = exchange(head + "\(Request.bodyLimit + 1)\r\n\r\n")
        #expect(refused.hasPrefix("HTTP/1.1 413 "))
        #expect(refused.contains("connection: close\r\n"))
        #expect(session.isFinished)
    }

    @Test("refuses a chunked body at the byte that is too many")
    func chunkedBody() {
        var answer = exchange(
            "POST /v1/files HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "100000\r\n" + String(repeating: "x", count: 1 << 20) + "\r\n"
        for _ in 0..<16 { answer += exchange(chunk) }
        #expect(answer == "")
        #expect(exchange("1\r\nx").hasPrefix("HTTP/1.1 413 "))
    }

    @Test(
        "words a refusal of the codec as OpenAI would",
        arguments: [
            ("rubbish\r\n\r\n", "400"), ("GET / HTTP/3.0\r\n\r\n", "505"),
            ("GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\n", "414"),
        ])
    func refusals(text: String, status: String) {
        let answer = exchange(text)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        #expect(answer.contains("{\"error\":{\"message\":"))
        #expect(session.isFinished)
    }

    @Test("closes behind the answer when it is told to stop")
    func stop() {
        session.shutDown()
        let answer = exchange("GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer.contains("connection: close\r\n"))
        #expect(session.isFinished)
    }
}
