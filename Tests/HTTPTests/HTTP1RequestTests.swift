import HTTP
import Kernel
import Testing

/// What the server role accepts and what it refuses. `\r\n` is written as it goes over the wire.
@Suite("HTTP/1.1 requests")
struct HTTP1RequestTests {
    struct Accepted: Sendable, CustomTestStringConvertible {
        let input: String
        let expected: [String]
        init(_ input: String, _ expected: String...) {
            self.input = input
            self.expected = expected
        }
        var testDescription: String { String(reflecting: input) }
    }

    static let accepted: [Accepted] = [
        Accepted("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "head 1 GET https://a / END", "closed 1"),
        Accepted(
            "\r\nGET /p?q=%20|{} HTTP/1.1\r\nhOST:\t a.example:8443 \t\r\n"
                + "X-A:\r\nx_b: 1  2\r\n\r\n",
            "head 1 GET https://a.example:8443 /p?q=%20|{} {x-a: } {x_b: 1  2} END", "closed 1"),
        Accepted(
            "POST /v1 HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 5\r\n\r\nhello",
            "head 1 POST https://[::1]:80 /v1 length=5 {content-length: 5}", "body 1 hello",
            "end 1",
            "closed 1"),
        Accepted(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            "head 1 POST https://a / length=0 {content-length: 0} END", "closed 1"),
        Accepted(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "5\r\nhello\r\n0006;a=b;c=\"d\"\r\n world\r\n0\r\n\r\n",
            "head 1 POST https://a /", "body 1 hello world", "end 1", "closed 1"),
        Accepted(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
                + "A \t;x\r\n0123456789\r\n000\r\nX-T: 1\r\nConnection: x\r\n\r\n",
            "head 1 POST https://a / {trailer: X-T}", "body 1 0123456789", "end 1 {x-t: 1}",
            "closed 1"),
        Accepted(
            "PURGE http://A.example?x=1 HTTP/1.1\r\nHost: a.EXAMPLE\r\n\r\n",
            "head 1 PURGE https://A.example /?x=1 END", "closed 1"),
        Accepted(
            "GET HTTPS://a:1/b/c?d HTTP/1.1\r\nHost: a:1\r\n\r\n",
            "head 1 GET https://a:1 /b/c?d END", "closed 1"),
        Accepted(
            "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "head 1 OPTIONS https://a * END", "closed 1"),
        Accepted(
            "OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", "head 1 OPTIONS https://a * END",
            "closed 1"),
        Accepted(
            "GET / HTTP/1.1\r\nHost: a\r\nX-Raw: \u{80}\u{ff}\t!\r\n\r\n",
            "head 1 GET https://a / {x-raw: \u{80}\u{ff}\t!} END", "closed 1"),
        Accepted(
            "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nConnection: x-a , Upgrade,, X-B\r\nX-B: 2\r\n"
                + "X-C: 3\r\nKeep-Alive: t\r\nProxy-Connection: k\r\nUpgrade: websocket\r\n"
                + "TE: trailers\r\nx-a: 4\r\n\r\n",
            "head 1 GET https://a / {x-c: 3} END", "closed 1"),
        Accepted(
            "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
            "head 1 PUT https://a / length=1 {expect: 100-Continue} {content-length: 1}",
            "body 1 x", "end 1", "closed 1"),
        Accepted(
            "GET / HTTP/1.0\r\nExpect: anything\r\n\r\n", "head 1 GET https:// / 1.0 END",
            "closed 1"),
        Accepted("GET / HTTP/1.7\r\nHost: a\r\n\r\n", "head 1 GET https://a / END", "closed 1"),
    ]

    @Test("a valid request becomes its events", arguments: accepted)
    func accepts(_ example: Accepted) {
        let peer = TestPeer(.server)
        peer.receive(example.input)
        #expect(peer.words == example.expected)
        #expect(peer.retained.isEmpty)
        #expect(peer.codec.uncreditedBytes == 0)
        #expect(peer.codec.openStreams == 0)
    }

    static let malformedHeads: [String] = [
        // Line ends and controls.
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
        "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{7f}b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{b}b\r\n\r\n",
        "\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        // The request line.
        " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET / http/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.\r\nHost: a\r\n\r\n",
        "GET / HTTP/11\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.10\r\nHost: a\r\n\r\n",
        "GET\r\nHost: a\r\n\r\n",
        "GET /\u{80} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ** HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
        "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n",
        // Field lines.
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX\t: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX(Y: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX\u{e4}: b\r\n\r\n",
        // Host.
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:000080\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: :80\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: []\r\n\r\n",
        // Framing.
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5;\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{b}chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            + "Transfer-Encoding: identity\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        // Not HTTP at all.
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
        "\u{0}",
    ]

    @Test("a malformed head is refused and nothing behind it is read", arguments: malformedHeads)
    func refusesHead(_ input: String) {
        let peer = TestPeer(.server)
        peer.receive(input + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(peer.words.count == 2)
        #expect(peer.words.first?.hasPrefix("refused 1 malformed") == true)
        #expect(peer.words.last == "closed 1")
        #expect(peer.outputText.contains("connection: close\r\n"))
        #expect(peer.codec.isFinished)
        #expect(peer.retained.isEmpty)
    }

    static let malformedChunks: [String] = [
        "\r\n", "x\r\n", "-1\r\n", "+1\r\n", " 1\r\nx\r\n", "0x1\r\n", "1\n", "1\rx", "1 \r\nx\r\n",
        "1 x\r\n", "1,\r\n", "1\r\nxy\r\n", "1\r\nx\n", "1\r\nx\rx", "00000000000000001\r\n",
        "8000000000000000\r\n", "ffffffffffffffff\r\n", "1;a\nb\r\n", "1;a\u{0}\r\n",
        "1;a\u{7f}\r\n",
        "1;a\rb\r\n", "1;" + String(repeating: "a", count: 256) + "\r\n", "0\r\n x: y\r\n\r\n",
        "0\r\nX : y\r\n\r\n", "0\r\nContent-Length: 1\r\n\r\n", "0\r\nX: y\n\r\n",
        "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\nHost: b\r\n\r\n", "0\r\nX: \u{0}\r\n\r\n",
        String(repeating: "1;" + String(repeating: "e", count: 255) + "\r\nx\r\n", count: 80),
    ]

    @Test("a malformed chunk breaks the request off", arguments: malformedChunks)
    func refusesChunk(_ input: String) {
        let peer = TestPeer(.server)
        peer.receive("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + input)
        let faults = peer.words.filter { $0.hasPrefix("refused 1 malformed") }
        #expect(faults.count == 1)
        #expect(peer.words.last == "closed 1")
        #expect(!peer.words.contains { $0.hasPrefix("end") })
        #expect(peer.codec.isFinished)
    }

    @Test("a chunk extension may take up its whole limit")
    func longestExtension() {
        let peer = TestPeer(.server)
        let filler = String(repeating: "a", count: 255)
        peer.receive("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.receive("1;\(filler)\r\nx\r\n0;\(filler)\r\n\r\n")
        #expect(peer.words.last == "closed 1")
        #expect(peer.words.contains("body 1 x"))
        #expect(!peer.codec.isFinished)
    }

    @Test(
        "another major version is told apart from nonsense",
        arguments: [
            "GET / HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n", "GET / HTTP/0.9\r\n", "GET /\r\n",
        ])
    func versions(_ input: String) {
        let peer = TestPeer(.server)
        peer.receive(input)
        #expect(peer.words == ["refused 1 unsupportedVersion", "closed 1"])
    }

    @Test(
        "an expectation other than 100-continue is refused",
        arguments: [
            "200-ok", "", "100-continue, x", "100-continue; a=b",
        ])
    func expectations(_ value: String) {
        let peer = TestPeer(.server)
        peer.receive("GET / HTTP/1.1\r\nHost: a\r\nExpect: \(value)\r\n\r\n")
        #expect(peer.words == ["refused 1 expectationFailed", "closed 1"])
    }
}
