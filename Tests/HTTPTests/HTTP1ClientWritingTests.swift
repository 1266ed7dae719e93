import HTTP
import Kernel
import Testing

@Suite("HTTP/1.1 client requests")
struct HTTP1ClientWritingTests {
    private func open(_ head: Head, isEnd: Bool) -> TestPeer {
        let peer = TestPeer(.client, answering: .never)
        _ = peer.codec.open(head, isEnd: isEnd)
        return peer
    }

    @Test("the request is framed by what its head says")
    func framing() throws {
        let first = "POST /v1 HTTP/1.1\r\nhost: up.example\r\n"
        let known = open(makeRequest(.post, length: 4), isEnd: false)
        known.codec.send("body".utf8.span, on: StreamID(1))
        known.codec.sendEnd(on: StreamID(1), trailers: nil)
        known.flush()
        #expect(known.outputText == first + "content-length: 4\r\n\r\nbody")
        let unknown = open(makeRequest(.post), isEnd: false)
        unknown.codec.send(Array(repeating: 0x61, count: 17).span, on: StreamID(1))
        unknown.codec.sendEnd(on: StreamID(1), trailers: nil)
        unknown.flush()
        let chunk = "11\r\naaaaaaaaaaaaaaaaa\r\n0\r\n\r\n"
        #expect(unknown.outputText == first + "transfer-encoding: chunked\r\n\r\n" + chunk)
        let none = open(makeRequest(.post), isEnd: true)
        none.flush()
        #expect(none.outputText == first + "content-length: 0\r\n\r\n")
        let get = open(makeRequest(.get), isEnd: true)
        get.flush()
        #expect(get.outputText == "GET /v1 HTTP/1.1\r\nhost: up.example\r\n\r\n")
    }

    @Test("fields of the hop are replaced by the codec's own")
    func fields() {
        let head = makeRequest(.other)
        head.methodText.append("PURGE")
        head.fields.append(.host, "evil")
        head.fields.append(.connection, "close")
        head.fields.append(.te, "trailers")
        head.fields.append(.upgrade, "h2c")
        head.fields.append(.contentLength, "9")
        head.fields.append(.authorization, "Bearer x")
        let peer = open(head, isEnd: true)
        peer.flush()
        #expect(
            peer.outputText
                == "PURGE /v1 HTTP/1.1\r\nhost: up.example\r\nauthorization: Bearer x\r\n\r\n")
    }

    enum Injection: CaseIterable, Sendable {
        case target, authority, method, value, name, length
    }

    @Test("a request that would read as another is reset unsent", arguments: Injection.allCases)
    func injection(_ injection: Injection) {
        let head = makeRequest(.get)
        switch injection {
        case .target: head.target.append(" HTTP/1.1\r\n\r\nGET /")
        case .authority: head.authority.append("\r\nx: y")
        case .method:
            head.method = .other
            head.methodText.append("GET /")
        case .value: head.fields.append("x", "a\r\nb: c".utf8.span)
        case .name: head.fields.append(name: "x: a\r\nb".utf8.span, value: "c".utf8.span)
        case .length: head.contentLength = 5
        }
        let peer = open(head, isEnd: true)
        #expect(peer.takeWords() == ["reset 1 internalError true"])
        #expect(!peer.codec.hasOutput)
        #expect(peer.codec.availableStreams == 1)
    }

    @Test("one exchange at a time, and the next with a new number")
    func reuse() throws {
        let peer = TestPeer.client()
        #expect(peer.codec.availableStreams == 0)
        #expect(peer.codec.open(makeRequest(.get), isEnd: true) == nil)
        peer.receive("HTTP/1.1 204 x\r\n\r\n")
        let second = try #require(peer.codec.open(makeRequest(.get), isEnd: true))
        peer.flush()
        #expect(second == StreamID(3))
        peer.receive("HTTP/1.1 204 x\r\n\r\n")
        #expect(peer.words.suffix(2) == ["head 3 204 END", "closed 3"])
    }

    /// The output is lent by the worker for the time of the call. A connection that kept its
    /// memory would have grown to the size of the largest burst of all connections together.
    @Test("the output's memory does not stay with a connection behind its request")
    func memory() throws {
        let peer = TestPeer(.client, answering: .never)
        var capacities: [Int] = []
        for size in [100, 20_000, 5_000] {
            let stream = try #require(peer.codec.open(makeRequest(.post), isEnd: false))
            peer.codec.send([UInt8](repeating: 0x61, count: size).span, on: stream)
            peer.codec.sendEnd(on: stream, trailers: nil)
            var output = ByteBuffer()
            output.reserve(1_000_000)
            _ = peer.codec.write(into: &output, limit: .max)
            capacities.append(output.capacity)
            peer.receive("HTTP/1.1 204 x\r\n\r\n")
        }
        // Short: copied. Long: exchanged for the codec's own. Long again: that is not the output
        // of before, which was given up.
        #expect(capacities[0] == 1_000_000)
        #expect(capacities[1] < 100_000)
        #expect(capacities[2] < 100_000)
    }
}
