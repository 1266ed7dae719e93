import HTTP
import Kernel
import Testing

/// How the server role keeps a connection going, or ends it.
@Suite("HTTP/1.1 server exchanges")
struct HTTP1ExchangeTests {
    private let stream = StreamID(1)
    private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private func post(_ fields: String, _ body: String = "") -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
    }

    private func response(_ status: Int, length: Int? = nil) -> Head {
        let head = Head()
        head.status = status
        head.contentLength = length
        return head
    }

    @Test("pipelined requests are answered one after the other")
    func pipelining() {
        let peer = TestPeer(.server)
        peer.receive(get + post("Content-Length: 3\r\n", "abc") + "\r\n" + get)
        #expect(
            peer.words == [
                "head 1 GET https://a / END", "closed 1",
                "head 3 POST https://a / length=3 {content-length: 3}", "body 3 abc", "end 3",
                "closed 3", "head 5 GET https://a / END", "closed 5",
            ])
        #expect(peer.outputText.components("HTTP/1.1 200 OK\r\n") == 3)
    }

    @Test("nothing behind a request is taken before its response has left")
    func pipeliningWaits() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(get + get)
        #expect(peer.words == ["head 1 GET https://a / END"])
        #expect(peer.retained.count == get.utf8.count)
        peer.codec.respond(response(200, length: 0), on: stream, isEnd: true)
        #expect(peer.takeWords().count == 1)
        #expect(peer.codec.openStreams == 1)
        peer.flush()
        #expect(peer.takeWords() == ["closed 1"])
        #expect(peer.codec.openStreams == 0)
        peer.pump()
        #expect(peer.takeWords() == ["head 3 GET https://a / END"])
    }

    @Test("closed waits for the last byte of the response, drained tells of each portion")
    func drained() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(get)
        peer.codec.respond(response(200, length: 300), on: stream, isEnd: false)
        peer.codec.send(Array(repeating: 0x61, count: 300).span, on: stream)
        peer.codec.sendEnd(on: stream, trailers: nil)
        _ = peer.takeWords()
        let all = peer.codec.pendingBytes(of: stream)
        #expect(all == 300)
        var output = ByteBuffer()
        let more = peer.codec.write(into: &output, limit: 200)
        let first = output.count
        #expect(more)
        #expect(first == 200)
        #expect(isDrained(peer.codec.nextEvent()))
        #expect(peer.codec.nextEvent() == nil)
        let rest = peer.codec.pendingBytes(of: stream)
        #expect(rest > 0 && rest < all)
        #expect(peer.codec.write(into: &output, limit: 200))
        let unchanged = output.count
        #expect(unchanged == 200)
        #expect(!peer.codec.write(into: &output, limit: 2000))
        #expect(isDrained(peer.codec.nextEvent()))
        #expect(peer.takeWords() == ["closed 1"])
        #expect(peer.codec.pendingBytes(of: stream) == 0)
    }

    private func isDrained(_ event: CodecEvent?) -> Bool {
        if case .drained(stream) = event { return true }
        return false
    }

    @Test("received bytes count until they are credited")
    func credit() {
        let peer = TestPeer(.server, answering: .never)
        peer.isCrediting = false
        peer.receive(post("Content-Length: 5\r\n", "abcde"))
        #expect(peer.codec.uncreditedBytes == 5)
        peer.codec.credit(3, on: stream)
        #expect(peer.codec.uncreditedBytes == 2)
        peer.codec.respond(response(200, length: 0), on: stream, isEnd: true)
        peer.flush()
        peer.codec.credit(2, on: stream)
        #expect(peer.codec.uncreditedBytes == 0)
    }

    struct Written: Sendable {
        let request: String
        let status: Int
        let length: Int?
        let isEnd: Bool
        let expected: String
        let isFinished: Bool
    }

    static let written: [Written] = [
        Written(
            request: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", status: 200, length: 4, isEnd: false,
            expected: "HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 4\r\n\r\nbody",
            isFinished: false),
        Written(
            request: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", status: 599, length: nil, isEnd: false,
            expected: "HTTP/1.1 599 \r\nx-a: 1\r\ntransfer-encoding: chunked\r\n\r\n"
                + "4\r\nbody\r\n0\r\n\r\n",
            isFinished: false),
        Written(
            request: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", status: 404, length: nil, isEnd: true,
            expected: "HTTP/1.1 404 Not Found\r\nx-a: 1\r\ncontent-length: 0\r\n\r\n",
            isFinished: false),
        Written(
            request: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", status: 200, length: 4, isEnd: true,
            expected: "HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 4\r\n\r\n", isFinished: false),
        Written(
            request: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", status: 200, length: nil, isEnd: false,
            expected: "HTTP/1.1 200 OK\r\nx-a: 1\r\n\r\n", isFinished: false),
        Written(
            request: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", status: 204, length: 0, isEnd: true,
            expected: "HTTP/1.1 204 No Content\r\nx-a: 1\r\n\r\n", isFinished: false),
        Written(
            request: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", status: 304, length: 9, isEnd: true,
            expected: "HTTP/1.1 304 Not Modified\r\nx-a: 1\r\ncontent-length: 9\r\n\r\n",
            isFinished: false),
        Written(
            request: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", status: 200,
            length: 4,
            isEnd: false,
            expected:
                "HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody",
            isFinished: true),
        Written(
            request: "GET / HTTP/1.0\r\n\r\n", status: 200, length: 4, isEnd: false,
            expected:
                "HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody",
            isFinished: true),
        Written(
            request: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", status: 200, length: 4,
            isEnd: false,
            expected: "HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 4\r\n"
                + "connection: keep-alive\r\n\r\nbody",
            isFinished: false),
        Written(
            request: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", status: 200, length: nil,
            isEnd: false, expected: "HTTP/1.1 200 OK\r\nx-a: 1\r\nconnection: close\r\n\r\nbody",
            isFinished: true),
    ]

    @Test("the response is framed for its request", arguments: written)
    func framing(_ example: Written) {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(example.request)
        let head = response(example.status, length: example.length)
        head.fields.append(.connection, "x-a")
        head.fields.append("x-a", "1")
        head.fields.append(.transferEncoding, "gzip")
        head.fields.append(.contentLength, "77")
        peer.codec.respond(head, on: stream, isEnd: example.isEnd)
        if !example.isEnd {
            peer.codec.send("".utf8.span, on: stream)
            peer.codec.send("body".utf8.span, on: stream)
            peer.codec.sendEnd(on: stream, trailers: nil)
        }
        peer.flush()
        #expect(peer.outputText == example.expected)
        #expect(peer.takeWords().last == "closed 1")
        #expect(peer.codec.isFinished == example.isFinished)
    }

    @Test("trailers follow the last chunk, without what would frame or route")
    func trailers() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(get)
        peer.codec.respond(response(200), on: stream, isEnd: false)
        let trailers = Head()
        trailers.fields.append("x-t", "1")
        trailers.fields.append(.contentLength, "5")
        trailers.fields.append(.host, "a")
        peer.codec.sendEnd(on: stream, trailers: trailers)
        peer.flush()
        #expect(peer.outputText.hasSuffix("\r\n\r\n0\r\nx-t: 1\r\n\r\n"))
    }

    @Test(
        "a body that does not add up to its Content-Length breaks the connection",
        arguments: [
            "abc", "abcdefg",
        ])
    func mismatch(_ body: String) {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(get)
        _ = peer.takeWords()
        peer.codec.respond(response(200, length: 5), on: stream, isEnd: false)
        peer.codec.send(body.utf8.span, on: stream)
        peer.codec.sendEnd(on: stream, trailers: nil)
        #expect(peer.takeWords().first?.hasPrefix("failed body") == true)
        #expect(peer.codec.isFinished)
        #expect(!peer.codec.hasOutput)
        #expect(peer.codec.openStreams == 0)
    }

    @Test("a head that would read as more than one message is never written")
    func injection() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(get)
        let head = response(200, length: 0)
        head.fields.append("x-a", "1\r\nset-cookie: x".utf8.span)
        peer.codec.respond(head, on: stream, isEnd: true)
        #expect(peer.takeWords().last == "failed a response head that cannot be written")
        #expect(!peer.codec.hasOutput)
    }

    @Test("100 Continue is said once asked for, and not to HTTP/1.0")
    func interim() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(post("Expect: 100-continue\r\nContent-Length: 1\r\n"))
        peer.codec.sendInterim(100, on: stream)
        peer.flush()
        #expect(peer.outputText == "HTTP/1.1 100 Continue\r\n\r\n")
        peer.receive("x")
        peer.codec.respond(response(200, length: 0), on: stream, isEnd: true)
        peer.codec.sendInterim(100, on: stream)
        peer.flush()
        #expect(peer.outputText.components("100 Continue") == 1)
        #expect(!peer.codec.isFinished)
        let old = TestPeer(.server, answering: .never)
        old.receive("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
        old.codec.sendInterim(100, on: stream)
        #expect(!old.codec.hasOutput)
    }
}

extension String {
    /// How often `part` occurs.
    func components(_ part: String) -> Int {
        let text = Array(utf8)
        let part = Array(part.utf8)
        guard text.count >= part.count else { return 0 }
        return (0...text.count - part.count).count {
            text[$0..<$0 + part.count].elementsEqual(part)
        }
    }
}
