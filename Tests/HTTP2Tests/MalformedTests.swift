import HTTP
import Kernel
import Testing

@testable import HTTP2

@Suite("A server that meets requests at fault")
struct MalformedTests {
    /// A malformed request and why; none of them may cause an event.
    static let malformed: [(String, [(String, String)])] = [
        ("user information in :authority", Wire.request(authority: "u@a.example")),
        ("a slash in :authority", Wire.request(authority: "a.example/x")),
        ("a port that is none", Wire.request(authority: "a.example:x")),
        ("Host differs", Wire.request(with: [("host", "b.example")])),
        ("neither Host nor :authority", Wire.request(authority: nil)),
        ("two Hosts", Wire.request(authority: nil, with: [("host", "a"), ("host", "a")])),
        ("_ in a name", Wire.request(with: [("x_forwarded_for", "1")])),
        ("upper case in a name", Wire.request(with: [("X-A", "1")])),
        ("a space in a name", Wire.request(with: [("x a", "1")])),
        ("an empty name", Wire.request(with: [("", "1")])),
        ("CONNECT", [(":method", "CONNECT"), (":authority", "a.example:443")]),
        ("CONNECT with a path", Wire.request("CONNECT")),
        ("te: gzip", Wire.request(with: [("te", "gzip")])),
        ("connection", Wire.request(with: [("connection", "close")])),
        ("keep-alive", Wire.request(with: [("keep-alive", "1")])),
        ("proxy-connection", Wire.request(with: [("proxy-connection", "close")])),
        ("transfer-encoding", Wire.request(with: [("transfer-encoding", "chunked")])),
        ("upgrade", Wire.request(with: [("upgrade", "h2c")])),
        ("a path without a slash", Wire.request("GET", "x")),
        ("an absolute path", Wire.request("GET", "https://a.example/")),
        ("an empty path", Wire.request("GET", "")),
        ("* without OPTIONS", Wire.request("GET", "*")),
        ("a fragment", Wire.request("GET", "/a#b")),
        ("a space in the path", Wire.request("GET", "/a b")),
        ("a control in the path", Wire.request("GET", "/a\u{1}b")),
        ("a letter beyond ASCII in the path", Wire.request("GET", "/ä")),
        ("an unknown scheme", Wire.request(scheme: "ftp")),
        ("a method that is no token", Wire.request("G T")),
        ("Content-Length with a sign", Wire.request(with: [("content-length", "+1")])),
        (
            "two Content-Lengths",
            Wire.request(with: [("content-length", "1"), ("content-length", "1")])
        ),
        ("a list of Content-Lengths", Wire.request(with: [("content-length", "1, 1")])),
        (
            "Content-Length beyond 63 bits",
            Wire.request(with: [("content-length", "9223372036854775808")])
        ),
        ("Content-Length without a body", Wire.request(with: [("content-length", "1")])),
        ("CR in a value", Wire.request(with: [("x-a", "1\r2")])),
        ("LF in a value", Wire.request(with: [("x-a", "1\n2")])),
        ("NUL in a value", Wire.request(with: [("x-a", "1\u{0}2")])),
        ("space around a value", Wire.request(with: [("x-a", " 1")])),
        ("no method", [(":scheme", "https"), (":path", "/"), (":authority", "a")]),
        ("no path", [(":scheme", "https"), (":method", "GET"), (":authority", "a")]),
        ("no scheme", [(":path", "/"), (":method", "GET"), (":authority", "a")]),
        ("two paths", Wire.request() + [(":path", "/")]),
        ("a pseudo-field behind a field", [("x-a", "1")] + Wire.request()),
        ("an unknown pseudo-field", [(":x", "1")] + Wire.request()),
        (":status in a request", [(":status", "200")] + Wire.request()),
        (":protocol", [(":protocol", "websocket")] + Wire.request("CONNECT")),
    ]

    @Test("resets its stream with PROTOCOL_ERROR and emits nothing", arguments: malformed)
    func malformedRequest(rule: String, fields: [(String, String)]) {
        let server = Endpoint(.server)
        var wire = Wire.opened
        wire.headers(1, fields)
        wire.headers(3, Wire.request())
        let answer = server.exchange(wire)
        #expect(answer == ["RST_STREAM 1 code 1"], "\(rule)")
        #expect(server.log == ["head 3 GET https a.example / end"], "\(rule)")
        #expect(server.codec.openStreams == 1)
        #expect(!server.codec.hasUnfinishedHead)
    }

    @Test("accepts what only looks unusual")
    func unusual() {
        let server = Endpoint(.server, isSecure: false)
        var wire = Wire.opened
        wire.headers(1, Wire.request("OPTIONS", "*", with: [("te", "trailers")]))
        wire.headers(3, Wire.request("PURGE", "/a?b=%20", with: [("host", "A.example")]))
        wire.headers(5, Wire.request(authority: nil, with: [("host", "[::1]:8080")]))
        wire.headers(7, Wire.request(with: [("cookie", "a=1"), ("cookie", "b=2")]))
        #expect(server.exchange(wire) == [])
        #expect(
            server.log == [
                "head 1 OPTIONS http a.example * end",
                "head 3 PURGE http a.example /a?b=%20 end",
                "head 5 GET http [::1]:8080 / end",
                "head 7 GET http a.example / [cookie=a=1 cookie=b=2] end",
            ])
    }

    @Test("breaks a stream off whose DATA is longer or shorter than Content-Length")
    func contentLengthMismatch() {
        for size in [2, 4] {
            let server = Endpoint(.server)
            var wire = Wire.opened
            wire.headers(1, Wire.request("POST", with: [("content-length", "3")]), end: false)
            wire.data(1, pattern(size), end: true)
            let answer = server.exchange(wire)
            #expect(answer.contains("RST_STREAM 1 code 1"))
            #expect(server.log.count == 2)
            #expect(server.log.last == "reset 1 protocolError")
            #expect(server.codec.openStreams == 0)
        }
    }

    @Test("breaks a stream off whose trailers are malformed")
    func malformedTrailers() {
        let trailers = [[(":path", "/")], [("X-A", "1")], [("connection", "x")]]
        for fields in trailers {
            let server = Endpoint(.server)
            var wire = Wire.opened
            wire.headers(1, Wire.request("POST"), end: false)
            wire.data(1, [1, 2, 3])
            wire.headers(1, fields)
            #expect(server.exchange(wire) == ["RST_STREAM 1 code 1"])
            #expect(
                server.log == ["head 1 POST https a.example /", "reset 1 protocolError"])
        }
    }

    @Test("refuses another Expect than 100-continue and lets the driver answer")
    func expectation() {
        let server = Endpoint(.server)
        var wire = Wire.opened
        wire.headers(1, Wire.request(with: [("expect", "something")]))
        server.exchange(wire)
        #expect(server.log == ["refused 1 expectationFailed"])
        server.codec.respond(makeResponse(417), on: StreamID(1), isEnd: true)
        #expect(server.exchange(Wire()) == ["HEADERS 1 end"])
        #expect(server.log.last == "closed 1")
    }

    @Test("a wrong preface ends the connection with GOAWAY")
    func preface() {
        let server = Endpoint(.server)
        var wire = Wire()
        wire.bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(server.exchange(wire) == ["GOAWAY 0 last 0 code 1"])
        #expect(server.log == ["failed"])
        #expect(server.codec.isFinished)
    }

    /// What breaks the whole connection, and the code GOAWAY gives.
    static let fatal: [(String, Int, Wire)] = [
        ("DATA on stream 0", 1, made { $0.data(0, [1]) }),
        ("DATA on an idle stream", 1, made { $0.data(1, [1]) }),
        ("HEADERS on an even stream", 1, made { $0.headers(2, Wire.request()) }),
        (
            "DATA behind the end", 5,
            made { wire in
                wire.headers(1, Wire.request())
                wire.data(1, [1])
            }
        ),
        ("an unknown HPACK index", 9, made { $0.frame(1, flags: 5, stream: 1, [0xff, 0xff, 1]) }),
        ("CONTINUATION from nowhere", 1, made { $0.frame(9, flags: 4, stream: 1, [0x82]) }),
        ("PING of seven bytes", 6, made { $0.frame(6, [1, 2, 3, 4, 5, 6, 7]) }),
        ("a window update of 0", 1, made { $0.windowUpdate(0, 0) }),
        ("the connection's window overflows", 3, made { $0.windowUpdate(0, 0x7fff_ffff) }),
        ("a push by a client", 1, made { $0.frame(5, flags: 4, stream: 1, Wire.word(2)) }),
        ("a frame of 16,385 bytes", 6, made { $0.frame(0, stream: 1, pattern(16_385)) }),
        ("SETTINGS of a forbidden value", 1, made { $0.frame(4, [0, 2, 0, 0, 0, 2]) }),
        (
            "HEADERS inside HEADERS", 1,
            made { wire in
                wire.headers(1, Wire.request(), endHeaders: false)
                wire.headers(3, Wire.request())
            }
        ),
    ]

    private static func made(_ fill: (inout Wire) -> Void) -> Wire {
        var wire = Wire.opened
        fill(&wire)
        return wire
    }

    @Test("answers a connection error with GOAWAY and its code, once", arguments: fatal)
    func connectionError(rule: String, code: Int, wire: Wire) {
        let server = Endpoint(.server)
        let answer = server.exchange(wire)
        #expect(answer.last?.hasPrefix("GOAWAY 0 last") == true, "\(rule): \(answer)")
        #expect(answer.last?.hasSuffix("code \(code)") == true, "\(rule): \(answer)")
        #expect(server.log.last == "failed", "\(rule)")
        #expect(server.log.filter { $0 == "failed" }.count == 1)
        #expect(server.codec.isFinished)
        #expect(server.exchange(wire).isEmpty)
    }
}
