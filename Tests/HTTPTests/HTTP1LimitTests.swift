import HTTP
import Kernel
import Testing

@Suite("HTTP/1.1 limits")
struct HTTP1LimitTests {
    private func limits() -> CodecLimits {
        var limits = CodecLimits()
        limits.targetBytes = 64
        limits.headBytes = 128
        limits.fieldCount = 4
        limits.trailerBytes = 64
        return limits
    }

    private func target(lineOf count: Int) -> String {
        "GET /" + String(repeating: "a", count: count - 14) + " HTTP/1.1"
    }

    @Test("a request line of exactly the limit passes, one byte more is too long")
    func targetLimit() {
        let fits = TestPeer(.server, limits: limits())
        fits.receive(target(lineOf: 64) + "\r\nHost: a\r\n\r\n")
        #expect(fits.words.last == "closed 1")
        let exceeds = TestPeer(.server, limits: limits())
        exceeds.receive(target(lineOf: 65) + "\r\nHost: a\r\n\r\n")
        #expect(exceeds.words.first == "refused 1 targetTooLong")
    }

    @Test("a request line without end is refused as soon as it exceeds the limit")
    func endlessTarget() {
        let peer = TestPeer(.server, limits: limits())
        let line = bytes("GET /" + String(repeating: "a", count: 100))
        peer.receive(line[..<65])
        #expect(peer.words.isEmpty)
        peer.receive(line[65..<66])
        #expect(peer.words.first == "refused 1 targetTooLong")
    }

    @Test("fields of exactly the limit pass, one byte more is too much")
    func headLimit() {
        // "Host: a" and the empty line take 11 bytes, "X: " with its line end 5.
        for (size, word) in [(112, "closed 1"), (113, "refused 1 fieldsTooLarge")] {
            let peer = TestPeer(.server, limits: limits())
            let value = String(repeating: "a", count: size)
            peer.receive("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\r\n\r\n")
            #expect(peer.words.contains(word))
        }
    }

    @Test("a head without end is never kept beyond its limit")
    func endlessHead() {
        let peer = TestPeer(.server, limits: limits())
        peer.receive("GET / HTTP/1.1\r\n")
        for _ in 0..<200 where peer.words.isEmpty {
            peer.receive("a")
            #expect(peer.retained.count < 16 + 128)
        }
        #expect(peer.words.first == "refused 1 fieldsTooLarge")
    }

    @Test("the field count is limited, also by fields that are dropped")
    func fieldCount() {
        for (count, word) in [(3, "closed 1"), (4, "refused 1 fieldsTooLarge")] {
            let peer = TestPeer(.server, limits: limits())
            let fields = String(repeating: "TE: x\r\n", count: count)
            peer.receive("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
            #expect(peer.words.contains(word))
        }
    }

    @Test("Connection cannot name more fields than there may be")
    func connectionOptions() {
        for (list, word) in [("a,b,c,d", "closed 1"), ("a,b,c,d,e", "refused 1 fieldsTooLarge")] {
            let peer = TestPeer(.server, limits: limits())
            peer.receive("GET / HTTP/1.1\r\nHost: a\r\nConnection: \(list)\r\n\r\n")
            #expect(peer.words.contains(word))
        }
    }

    @Test(
        "trailers are limited in bytes and in number",
        arguments: [
            "X: " + String(repeating: "a", count: 60) + "\r\n\r\n",
            String(repeating: "a", count: 64),
            "a:\r\na:\r\na:\r\na:\r\na:\r\n\r\n",
        ])
    func trailerLimit(_ trailers: String) {
        let peer = TestPeer(.server, limits: limits())
        peer.receive("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        peer.receive(trailers)
        #expect(peer.words.dropFirst() == ["refused 1 fieldsTooLarge", "closed 1"])
    }

    @Test("a response head beyond the limits fails the connection")
    func responseHead() {
        for text in [
            "HTTP/1.1 200 " + String(repeating: "a", count: 60) + "\r\n",
            "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 130),
            "HTTP/1.1 200 OK\r\na:\r\na:\r\na:\r\na:\r\na:\r\n",
        ] {
            let peer = TestPeer.client(limits: limits())
            peer.receive(text)
            #expect(peer.words.count == 1)
            #expect(peer.words.first?.hasPrefix("failed") == true)
            #expect(peer.codec.isFinished)
        }
    }

    @Test("interim responses are passed on up to their limit")
    func interimResponses() {
        var limits = CodecLimits()
        limits.interimResponses = 2
        let peer = TestPeer.client(limits: limits)
        peer.receive("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        #expect(peer.words == ["interim 1 100", "interim 1 103 {link: x}"])
        peer.receive("HTTP/1.1 102 Processing\r\n\r\n")
        #expect(peer.words.last == "failed too many interim responses")
    }
}
