import HTTP
import Kernel
import Testing

extension TestPeer {
    /// A client that has sent one request without a body.
    static func client(_ method: Method = .get, limits: CodecLimits = CodecLimits()) -> TestPeer {
        let peer = TestPeer(.client, limits: limits, answering: .never)
        _ = peer.codec.open(makeRequest(method), isEnd: true)
        peer.flush()
        return peer
    }
}

func makeRequest(_ method: Method, length: Int? = nil) -> Head {
    let head = Head()
    head.method = method
    head.authority.append("up.example")
    head.target.append("/v1")
    head.contentLength = length
    return head
}

/// What the client role accepts and what it refuses.
@Suite("HTTP/1.1 responses")
struct HTTP1ResponseTests {
    struct Accepted: Sendable, CustomTestStringConvertible {
        let method: Method
        let input: String
        let expected: [String]
        let isReusable: Bool
        init(
            _ input: String, _ expected: String..., method: Method = .get, isReusable: Bool = true
        ) {
            self.input = input
            self.expected = expected
            self.method = method
            self.isReusable = isReusable
        }
        var testDescription: String { String(reflecting: input) }
    }

    static let accepted: [Accepted] = [
        Accepted(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            "head 1 200 length=2 {content-length: 2}", "body 1 hi", "end 1", "closed 1"),
        Accepted(
            "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
            "head 1 404 length=0 {content-length: 0} END", "closed 1"),
        Accepted(
            "HTTP/1.1 299 \r\ncontent-length: 0\r\n\r\n",
            "head 1 299 length=0 {content-length: 0} END", "closed 1"),
        Accepted(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
            "head 1 200", "body 1 abc", "end 1 {x-t: 1}", "closed 1"),
        Accepted(
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            "head 1 200 length=9 {content-length: 9} END", "closed 1", method: .head),
        Accepted(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "head 1 200 END", "closed 1",
            method: .head),
        Accepted("HTTP/1.1 204 No Content\r\n\r\n", "head 1 204 END", "closed 1"),
        Accepted(
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: x\r\n\r\n",
            "head 1 304 length=7 {content-length: 7} {etag: x} END", "closed 1"),
        Accepted(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\nConnection: close\r\n\r\n",
            "interim 1 100", "goingAway", "head 1 204 END", "closed 1", isReusable: false),
        Accepted(
            "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "goingAway",
            "head 1 200 1.0 length=1 {content-length: 1}", "body 1 x", "end 1", "closed 1",
            isReusable: false),
        Accepted(
            "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx",
            "head 1 200 1.0 length=1 {content-length: 1}", "body 1 x", "end 1", "closed 1"),
        Accepted(
            "HTTP/1.1 200 OK\r\nConnection: close, keep-alive\r\nContent-Length: 0\r\n\r\n",
            "goingAway", "head 1 200 length=0 {content-length: 0} END", "closed 1",
            isReusable: false),
        Accepted(
            "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nX-Hop: 1\r\nUpgrade: h2c\r\nX: \u{e4}\r\n"
                + "Content-Length: 0\r\n\r\n",
            "head 1 200 length=0 {x: \u{e4}} {content-length: 0} END", "closed 1"),
    ]

    @Test("a valid response becomes its events", arguments: accepted)
    func accepts(_ example: Accepted) {
        let peer = TestPeer.client(example.method)
        peer.receive(example.input)
        #expect(peer.words == example.expected)
        #expect(peer.codec.isFinished == !example.isReusable)
        #expect(peer.codec.availableStreams == (example.isReusable ? 1 : 0))
        #expect(peer.codec.openStreams == 0)
    }

    @Test("a body without framing ends with the connection")
    func untilClose() {
        let peer = TestPeer.client()
        peer.receive("HTTP/1.1 200 OK\r\n\r\nsome")
        peer.receive(" bytes")
        #expect(peer.words == ["goingAway", "head 1 200", "body 1 some bytes"])
        #expect(!peer.codec.isFinished)
        peer.receiveEndOfFile()
        #expect(peer.words.suffix(2) == ["end 1", "closed 1"])
        #expect(peer.codec.isFinished)
    }

    static let refused: [String] = [
        "\r\nHTTP/1.1 200 OK\r\n\r\n", "garbage\r\n\r\n", "\u{0}", "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1\t200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 a\u{0}b\r\n\r\n",
        "HTTP/1.1 200 OK\n\r\n", "HTTP/1.1 200 OK\r\nA: b\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n\n",
        "HTTP/1.1 200 OK\r\n A: b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: \u{0}\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", "HTTP/1.1 200 OK\r\nA\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    ]

    @Test("a faulty response head fails the connection for good", arguments: refused)
    func refusesHead(_ input: String) {
        let peer = TestPeer.client()
        peer.receive(input)
        #expect(peer.words.count == 1)
        #expect(peer.words.first?.hasPrefix("failed") == true)
        #expect(peer.codec.isFinished)
        #expect(peer.codec.availableStreams == 0)
    }

    @Test("a faulty chunk fails the connection", arguments: HTTP1RequestTests.malformedChunks)
    func refusesChunk(_ input: String) {
        let peer = TestPeer.client()
        peer.receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + input)
        #expect(peer.words.last?.hasPrefix("failed") == true)
        #expect(!peer.words.contains { $0.hasPrefix("end") || $0.hasPrefix("closed") })
        #expect(peer.codec.isFinished)
    }

    @Test(
        "bytes behind a response are never taken for the next one",
        arguments: [
            "HTTP/1.1 204 x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ])
    func excess(_ response: String) {
        for extra in ["x", "\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"] {
            let together = TestPeer.client()
            together.receive(response + extra)
            #expect(together.words.suffix(2) == ["closed 1", "failed bytes behind the response"])
            #expect(together.codec.isFinished)
            let later = TestPeer.client()
            later.receive(response)
            #expect(later.codec.availableStreams == 1)
            later.receive(extra)
            #expect(later.words.last == "failed bytes behind the response")
            #expect(later.codec.availableStreams == 0)
        }
    }

    @Test("a response that waited in front of its request is not believed")
    func staleResponse() {
        let peer = TestPeer(.client, answering: .never)
        _ = peer.codec.open(makeRequest(.get), isEnd: true)
        peer.receive("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(peer.words == ["failed a response in front of its request"])
    }

    @Test(
        "an end of file inside a response fails it",
        arguments: [
            "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
        ])
    func earlyEnd(_ input: String) {
        let peer = TestPeer.client()
        peer.receive(input)
        peer.receiveEndOfFile()
        #expect(peer.words.last?.hasPrefix("failed end of file") == true)
        #expect(peer.codec.isFinished)
    }

    @Test("an idle connection that ends says so")
    func idleEnd() {
        let peer = TestPeer(.client, answering: .never)
        peer.receiveEndOfFile()
        #expect(peer.words == ["goingAway"])
        #expect(peer.codec.isFinished)
        #expect(peer.codec.open(makeRequest(.get), isEnd: true) == nil)
    }

    @Test("a response that overtakes its request ends the connection with the exchange")
    func earlyResponse() throws {
        let peer = TestPeer(.client, answering: .never)
        let stream = try #require(peer.codec.open(makeRequest(.post, length: 9), isEnd: false))
        peer.codec.send("part".utf8.span, on: stream)
        peer.flush()
        peer.receive("HTTP/1.1 413 x\r\nContent-Length: 1\r\n\r\nx")
        #expect(
            peer.words == [
                "head 1 413 length=1 {content-length: 1}", "body 1 x", "goingAway", "end 1",
                "closed 1",
            ])
        #expect(peer.codec.isFinished)
        peer.codec.send("late".utf8.span, on: stream)
        #expect(!peer.codec.hasOutput)
    }
}
