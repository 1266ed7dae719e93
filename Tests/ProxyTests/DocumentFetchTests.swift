import HTTP
import Kernel
import Testing

@testable import Proxy

@Suite("Fetching a document") struct DocumentFetchTests {
    /// A fetch in memory, and the server's end of its connection.
    private final class Rig {
        let network = FakeNetwork()
        let fetch: DocumentFetch
        let line: Line
        var now = Instant(nanoseconds: 1_000_000_000_000)

        init(addresses: Int = 1) throws {
            let server = EndpointTarget(
                host: "issuer.example", port: 80, basePath: "", authority: "issuer.example",
                serverName: "issuer.example")
            fetch = DocumentFetch(
                server, target: "/jwks?x=1", tls: nil,
                addresses: (0..<addresses).map { World.address(ofEndpoint: $0) }, bodyLimit: 64,
                timeoutMilliseconds: 1_000, network: network, now: now)
            line = try #require(network.connecting.first)
            fetch.ready(line.token, .writing, at: now)
        }

        func receive(_ text: String) {
            line.arriving.append(utf8: text)
            fetch.ready(line.token, .reading, at: now)
        }

        func end() {
            line.endByPeer()
            fetch.ready(line.token, .ended, at: now)
        }
    }

    private static let ok = "HTTP/1.1 200 OK\r\n"

    @Test("asks once, with the target as it is written")
    func request() throws {
        let rig = try Rig()
        let text = rig.line.leaving.text
        #expect(text.hasPrefix("GET /jwks?x=1 HTTP/1.1\r\n"))
        #expect(text.lowercased().contains("host: issuer.example\r\n"))
        #expect(!rig.fetch.isOver)
    }

    static let answers = [
        "content-length: 7\r\n\r\n{\"a\":1}",
        "transfer-encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n",
        "\r\n{\"a\":1}",
    ]

    @Test("takes a body of any framing, in any pieces", arguments: answers, [1, 3, 1_000])
    func bodies(answer: String, size: Int) throws {
        let rig = try Rig()
        var rest = (Self.ok + answer)[...]
        while !rest.isEmpty {
            rig.receive(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        rig.end()
        #expect(rig.fetch.isOver && rig.fetch.fault == nil)
        let body = rig.fetch.takeBody().text
        #expect(body == "{\"a\":1}")
    }

    static let falsehoods: [(String, DocumentFault)] = [
        ("HTTP/1.1 302 Found\r\nlocation: http://evil.example/\r\n\r\n", .status(302)),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", .status(304)),
        ("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", .status(500)),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 65\r\n\r\n" + String(repeating: "x", count: 65),
            .tooLarge(limit: 64)
        ),
        ("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 65), .tooLarge(limit: 64)),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx", .malformed),
        ("SSH-2.0-OpenSSH_9\r\n\r\n", .malformed),
    ]

    @Test(
        "ends at what is no document: redirects, errors, too much, nonsense",
        arguments: falsehoods)
    func lies(answer: String, fault: DocumentFault) throws {
        let rig = try Rig()
        rig.receive(answer)
        #expect(rig.fetch.isOver && rig.fetch.fault == fault)
        let body = rig.fetch.takeBody().text
        #expect(body == "")
        #expect(rig.line.isReleased)
    }

    @Test(
        "tells a body that broke off",
        arguments: ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"])
    func cutOff(answer: String) throws {
        let rig = try Rig()
        if !answer.isEmpty { rig.receive(answer) }
        rig.end()
        #expect(rig.fetch.fault == .cutOff)
    }

    @Test("ends when its time is over, however much trickles in")
    func deadline() throws {
        let rig = try Rig()
        rig.receive(Self.ok + "content-length: 60\r\n\r\n")
        for _ in 0..<9 {
            rig.now = rig.now.advanced(milliseconds: 100)
            rig.receive("x")
            rig.fetch.fire(at: rig.now)
            #expect(!rig.fetch.isOver)
        }
        rig.fetch.fire(at: rig.now.advanced(milliseconds: 100))
        #expect(rig.fetch.fault == .timedOut)
    }

    @Test("tries every address, and tells when none answers")
    func addresses() throws {
        let rig = try Rig(addresses: 2)
        let network = FakeNetwork()
        network.refuses = true
        let server = EndpointTarget(
            host: "h", port: 80, basePath: "", authority: "h", serverName: "h")
        let fetch = DocumentFetch(
            server, target: "/", tls: nil,
            addresses: (0..<2).map { World.address(ofEndpoint: $0) }, bodyLimit: 64,
            timeoutMilliseconds: 1_000, network: network, now: rig.now)
        #expect(fetch.fault == .unreachable && network.attempts == 2)
        let nowhere = DocumentFetch(
            server, target: "/", tls: nil, addresses: [], bodyLimit: 64,
            timeoutMilliseconds: 1_000, network: network, now: rig.now)
        #expect(nowhere.fault == .unreachable)
    }
}
