import HTTP
import Kernel
import Testing

@Suite("HTTP/1.1 as a tunnel")
struct HTTP1TunnelTests {
    private static let request = """
        GET /v1/realtime?model=m HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
        Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n
        """
    private static let acceptance =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\n"
        + "X-A: b\r\n\r\n"

    private static func acceptingHead(_ status: Int = 101) -> Head {
        let head = Head()
        head.status = status
        head.isWebSocket = true
        head.fields.append(name: "x-a".utf8.span, value: "b".utf8.span)
        return head
    }

    /// A server that accepts when `isAccepting`, between the request and what stands behind it.
    private func serve(_ pieces: [ArraySlice<UInt8>], isAccepting: Bool) -> TestPeer {
        let peer = TestPeer(.server, answering: .never)
        var isAnswered = false
        for piece in pieces {
            peer.receive(piece)
            if !isAnswered, peer.codec.openStreams == 1 {
                isAnswered = true
                let head = Self.acceptingHead(isAccepting ? 101 : 426)
                head.endsConnection = true
                peer.codec.respond(head, on: StreamID(1), isEnd: !isAccepting)
                peer.pump()
            }
        }
        return peer
    }

    @Test("a server passes on what stands behind the request only when it has accepted")
    func early() {
        let input = bytes(Self.request + "GET / HTTP/1.1\r\n\u{0}\u{ff}")
        for cut in 0...input.count {
            let peer = serve([input[..<cut], input[cut...]], isAccepting: true)
            peer.receiveEndOfFile()
            #expect(
                peer.words == [
                    "head 1 GET https://a /v1/realtime?model=m {sec-websocket-version: 13} END",
                    "body 1 GET / HTTP/1.1\r\n\u{0}\u{ff}", "end 1",
                ], "cut at \(cut)")
            #expect(
                peer.outputText
                    == "HTTP/1.1 101 Switching Protocols\r\nx-a: b\r\nupgrade: websocket\r\n"
                    + "connection: upgrade\r\n\r\n")
        }
    }

    @Test("behind a refusal the server reads nothing more")
    func refused() {
        let input = bytes(Self.request + "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n")
        for cut in 0...input.count {
            let peer = serve([input[..<cut], input[cut...]], isAccepting: false)
            #expect(peer.words.count == 2, "cut at \(cut)")
            #expect(peer.words.last == "closed 1")
            #expect(peer.outputText.contains("upgrade: websocket\r\nconnection: upgrade\r\n"))
            #expect(peer.outputText.contains("connection: close\r\n"))
            #expect(peer.codec.isFinished)
        }
    }

    @Test("each direction of a server's tunnel ends by itself")
    func ends() {
        for isOursFirst in [true, false] {
            let peer = serve([bytes(Self.request)[...]], isAccepting: true)
            _ = peer.takeWords()
            peer.codec.send("abc".utf8.span, on: StreamID(1))
            if !isOursFirst {
                peer.receiveEndOfFile()
                #expect(peer.takeWords() == ["end 1"])
                #expect(!peer.codec.hasSaidAll)
            }
            peer.codec.sendEnd(on: StreamID(1), trailers: nil)
            peer.pump()
            #expect(peer.outputText.hasSuffix("\r\n\r\nabc"))
            #expect(peer.codec.hasSaidAll)
            if isOursFirst {
                #expect(!peer.codec.isFinished)
                peer.receive("xy")
                peer.receiveEndOfFile()
                #expect(peer.takeWords() == ["body 1 xy", "end 1", "closed 1"])
            } else {
                #expect(peer.takeWords() == ["closed 1"])
            }
            #expect(peer.codec.isFinished)
        }
    }

    @Test("bytes wait for the driver's credit")
    func credit() {
        let peer = serve([bytes(Self.request)[...]], isAccepting: true)
        peer.isCrediting = false
        peer.receive("0123456789")
        #expect(peer.codec.uncreditedBytes == 10)
        peer.codec.credit(10, on: StreamID(1))
        #expect(peer.codec.uncreditedBytes == 0)
        peer.codec.send("abcdef".utf8.span, on: StreamID(1))
        #expect(peer.codec.pendingBytes(of: StreamID(1)) == 6)
        peer.flush()
        #expect(peer.codec.pendingBytes(of: StreamID(1)) == 0)
    }

    @Test(
        "what does not ask for a WebSocket does not",
        arguments: [
            "POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket2\r\nConnection: upgrade\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, websocket\r\n\r\n",
            "GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        ])
    func notAsked(_ text: String) {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(text)
        peer.codec.respond(Self.acceptingHead(), on: StreamID(1), isEnd: false)
        peer.pump()
        #expect(peer.outputText.isEmpty)
        #expect(peer.codec.isFinished)
    }

    // MARK: The client

    private func ask() -> TestPeer {
        let peer = TestPeer(.client, answering: .never)
        let head = Head()
        head.method = .get
        head.authority.append("up")
        head.target.append("/v1/realtime")
        head.isWebSocket = true
        _ = peer.codec.open(head, isEnd: false)
        // Nothing may be said before the upstream has agreed.
        peer.codec.send("early".utf8.span, on: StreamID(1))
        peer.flush()
        return peer
    }

    @Test("a client asks, and is in a tunnel behind the 101, wherever it is cut")
    func client() {
        let input = bytes(Self.acceptance + "HTTP/1.1 200 OK\r\n\r\n")
        for cut in 0...input.count {
            let peer = ask()
            #expect(
                peer.outputText
                    == "GET /v1/realtime HTTP/1.1\r\nhost: up\r\nupgrade: websocket\r\n"
                    + "connection: upgrade\r\n\r\n")
            peer.receive(input[..<cut])
            peer.receive(input[cut...])
            #expect(
                peer.takeWords() == [
                    "goingAway", "head 1 101 {x-a: b}", "body 1 HTTP/1.1 200 OK\r\n\r\n",
                ], "cut at \(cut)")
            peer.codec.send("late".utf8.span, on: StreamID(1))
            peer.codec.sendEnd(on: StreamID(1), trailers: nil)
            peer.flush()
            #expect(peer.outputText.hasSuffix("late"))
            #expect(peer.codec.hasSaidAll)
            peer.receiveEndOfFile()
            #expect(peer.takeWords() == ["end 1", "closed 1"])
            #expect(peer.codec.isFinished)
        }
    }

    @Test("a client that was refused reads the answer and the connection is not used again")
    func clientRefused() {
        let peer = ask()
        peer.receive("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        #expect(
            peer.takeWords() == [
                "goingAway", "head 1 403 length=2 {content-length: 2}", "body 1 no", "end 1",
                "closed 1",
            ])
        #expect(peer.codec.isFinished)
    }

    @Test(
        "a 101 that is not the answer to what was asked ends the connection",
        arguments: [
            "Upgrade: h2c\r\nConnection: upgrade\r\n",
            "Upgrade: websocket\r\n",
            "Connection: upgrade\r\n",
            "Upgrade: tls, websocket\r\nConnection: upgrade\r\n",
            "Upgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 3\r\n",
            "Upgrade: websocket\r\nConnection: upgrade\r\nTransfer-Encoding: chunked\r\n",
        ])
    func wrongAcceptance(_ fields: String) {
        let peer = ask()
        peer.receive("HTTP/1.1 101 Switching Protocols\r\n\(fields)\r\nabc")
        #expect(peer.takeWords() == ["failed 101 without an upgrade"])
        #expect(peer.codec.isFinished)
    }

    @Test("a 101 that nobody asked for ends the connection")
    func unasked() {
        let peer = TestPeer(.client, answering: .never)
        let head = Head()
        head.method = .get
        head.authority.append("up")
        head.target.append("/")
        _ = peer.codec.open(head, isEnd: true)
        peer.flush()
        peer.receive(Self.acceptance + "abc")
        #expect(peer.takeWords() == ["failed 101 without an upgrade"])
        #expect(peer.codec.isFinished)
    }
}
