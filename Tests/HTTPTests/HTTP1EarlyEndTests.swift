import HTTP
import Kernel
import Testing

/// Answers in front of the request's end, and connections that end.
@Suite("HTTP/1.1 early answers and ends")
struct HTTP1EarlyEndTests {
    private let stream = StreamID(1)
    private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private func post(_ fields: String, _ body: String = "") -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
    }

    private func answer(_ peer: TestPeer, status: Int = 401) {
        let head = Head()
        head.status = status
        head.contentLength = 0
        peer.codec.respond(head, on: stream, isEnd: true)
        peer.flush()
    }

    @Test("a short rest of the request is dropped silently and the connection goes on")
    func discarding() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(post("Content-Length: 10\r\n", "abc"))
        _ = peer.takeWords()
        answer(peer)
        #expect(!peer.outputText.contains("connection: close"))
        #expect(peer.takeWords() == [])
        #expect(peer.codec.openStreams == 1)
        peer.receive("defg")
        #expect(peer.takeWords() == [])
        #expect(peer.retained.isEmpty)
        peer.receive("hij" + get)
        #expect(peer.takeWords() == ["closed 1", "head 3 GET https://a / END"])
        #expect(peer.codec.uncreditedBytes == 0)
    }

    @Test(
        "a long rest, a rest of unknown length or one that waits for 100 closes",
        arguments: [
            "Content-Length: 65540\r\n", "Transfer-Encoding: chunked\r\n",
            "Content-Length: 7\r\nExpect: 100-continue\r\n",
            "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n",
        ])
    func closing(_ fields: String) {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(post(fields))
        _ = peer.takeWords()
        answer(peer)
        #expect(peer.outputText.contains("connection: close\r\n"))
        #expect(peer.takeWords() == ["closed 1"])
        #expect(peer.codec.isFinished)
        peer.receive("3\r\nabc\r\n0\r\n\r\n" + get)
        #expect(peer.takeWords() == [])
        #expect(peer.retained.isEmpty)
        #expect(peer.codec.uncreditedBytes == 0)
    }

    @Test("the longest rest that is dropped is the limit")
    func discardLimit() {
        for (rest, isKept) in [(65_536, true), (65_537, false)] {
            let peer = TestPeer(.server, answering: .never)
            peer.receive(post("Content-Length: \(rest)\r\n"))
            answer(peer)
            #expect(peer.outputText.contains("connection: close") == !isKept)
        }
    }

    @Test("a body that comes although 100 was not said is dropped like any other")
    func unaskedBody() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(post("Content-Length: 4\r\nExpect: 100-continue\r\n", "ab"))
        _ = peer.takeWords()
        answer(peer)
        peer.receive("cd" + get)
        #expect(peer.takeWords() == ["closed 1", "head 3 GET https://a / END"])
    }

    @Test("the request may go on while the response is under way")
    func bothWays() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(post("Content-Length: 4\r\n", "ab"))
        let head = Head()
        head.status = 200
        peer.codec.respond(head, on: stream, isEnd: false)
        peer.flush()
        peer.receive("cd")
        #expect(peer.takeWords().suffix(2) == ["body 1 ab" + "cd", "end 1"])
        peer.codec.sendEnd(on: stream, trailers: nil)
        peer.flush()
        #expect(peer.takeWords() == ["closed 1"])
        #expect(!peer.codec.isFinished)
    }

    @Test("a fault in the request after its response began fails the connection")
    func lateFault() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(post("Transfer-Encoding: chunked\r\n", "1\r\na\r\n"))
        let head = Head()
        head.status = 200
        peer.codec.respond(head, on: stream, isEnd: false)
        peer.receive("zzz")
        #expect(peer.takeWords().last == "failed chunk without a size")
        #expect(peer.codec.isFinished)
    }

    @Test("an answer to a malformed HEAD has no body either")
    func refusedHead() {
        let peer = TestPeer(.server)
        peer.receive("HEAD / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        #expect(peer.words.last == "closed 1")
        #expect(peer.outputText.hasSuffix("\r\n\r\n"))
    }

    @Test(
        "an end of file between requests or inside a head ends the connection",
        arguments: [
            "", "GET", "GET / HTTP/1.1\r\nHost: a\r\n",
        ])
    func endBetween(_ input: String) {
        let peer = TestPeer(.server)
        peer.receive(input)
        peer.receiveEndOfFile()
        #expect(peer.words == [])
        #expect(peer.codec.isFinished)
    }

    @Test(
        "an end of file inside a request fails the connection",
        arguments: [
            ("Content-Length: 2\r\n", "a"), ("Transfer-Encoding: chunked\r\n", "1\r\n"),
            ("Transfer-Encoding: chunked\r\n", "0\r\nX: y\r\n"),
        ])
    func endInside(_ fields: String, _ body: String) {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(post(fields, body))
        peer.receiveEndOfFile()
        #expect(peer.words.last == "failed end of file inside the request")
        #expect(peer.codec.isFinished)
    }

    @Test("a client that only ended its side still gets its response, the last one")
    func halfClosed() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(get)
        peer.receiveEndOfFile()
        #expect(!peer.codec.isFinished)
        answer(peer, status: 200)
        #expect(peer.outputText.contains("connection: close\r\n"))
        #expect(peer.takeWords().last == "closed 1")
        #expect(peer.codec.isFinished)
    }

    @Test("an end of file while the rest of a request is dropped ends the exchange")
    func endWhileDiscarding() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(post("Content-Length: 10\r\n"))
        answer(peer)
        _ = peer.takeWords()
        peer.receiveEndOfFile()
        #expect(peer.takeWords() == ["closed 1"])
        #expect(peer.codec.isFinished)
    }

    @Test("a head that is not finished in time is answered, the last request of its connection")
    func headTimeout() {
        let peer = TestPeer(.server)
        peer.codec.headTimedOut()
        peer.receive(get)
        #expect(!peer.codec.hasUnfinishedHead)
        peer.codec.headTimedOut()
        peer.receive("GET / HTTP/1.1\r\nHost:")
        #expect(peer.codec.hasUnfinishedHead)
        peer.codec.headTimedOut()
        peer.pump()
        #expect(
            peer.words == [
                "head 1 GET https://a / END", "closed 1", "refused 3 timedOut", "closed 3",
            ])
        #expect(peer.outputText.components("connection: close\r\n") == 1)
        #expect(peer.codec.isFinished)
        #expect(peer.retained.isEmpty)
        peer.codec.headTimedOut()
        #expect(peer.codec.nextEvent() == nil)
    }

    @Test("shutting down says so in the response under way")
    func shutDownUnderWay() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(get)
        peer.codec.shutDown()
        answer(peer, status: 200)
        #expect(peer.outputText.contains("connection: close\r\n"))
        #expect(peer.codec.isFinished)
    }

    @Test("shutting down behind a response head says so in the next one")
    func shutDownNext() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(get)
        answer(peer, status: 200)
        peer.codec.shutDown()
        #expect(!peer.codec.isFinished)
        let second = StreamID(3)
        peer.receive(get)
        let head = Head()
        head.status = 200
        peer.codec.respond(head, on: second, isEnd: true)
        peer.flush()
        #expect(peer.outputText.components("connection: close\r\n") == 1)
        #expect(peer.codec.isFinished)
    }

    @Test("a client that shuts down opens nothing more and ends with its exchange")
    func clientShutDown() {
        let idle = TestPeer(.client, answering: .never)
        idle.codec.shutDown()
        #expect(idle.codec.isFinished)
        let busy = TestPeer.client()
        busy.codec.shutDown()
        #expect(!busy.codec.isFinished)
        busy.receive("HTTP/1.1 204 x\r\n\r\n")
        #expect(busy.words == ["head 1 204 END", "closed 1"])
        #expect(busy.codec.isFinished)
        #expect(busy.codec.open(makeRequest(.get), isEnd: true) == nil)
    }

    @Test("a reset drops what is queued and ends the connection; a late one does nothing")
    func reset() {
        let peer = TestPeer(.server, answering: .never)
        peer.receive(get)
        let head = Head()
        head.status = 200
        peer.codec.respond(head, on: stream, isEnd: false)
        peer.codec.reset(StreamID(3), .cancel)
        #expect(peer.codec.hasOutput)
        peer.codec.reset(stream, .internalError)
        #expect(!peer.codec.hasOutput)
        #expect(peer.codec.isFinished)
        _ = peer.takeWords()
        peer.codec.send("x".utf8.span, on: stream)
        peer.codec.sendEnd(on: stream, trailers: nil)
        peer.receive(get)
        #expect(peer.takeWords() == [])
        #expect(!peer.codec.hasOutput)
        let client = TestPeer.client()
        client.receive("HTTP/1.1 204 x\r\n\r\n")
        client.codec.reset(stream, .cancel)
        #expect(client.codec.availableStreams == 1)
    }
}
