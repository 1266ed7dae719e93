import Errors
import HTTP
import Kernel
import Testing

@testable import Policies

@Suite("The handshake of WebSocket")
struct WebSocketHandshakeTests {
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    private func request(_ fields: [(String, String)], isWebSocket: Bool = true) -> Head {
        let head = Head()
        head.method = .get
        head.isWebSocket = isWebSocket
        for (name, value) in fields {
            head.fields.append(name: name.utf8.span, value: value.utf8.span)
        }
        return head
    }

    private func fault(_ head: Head, isHTTP2: Bool = false) -> GatewayError? {
        WebSocketHandshake.fault(of: head, isEnd: !isHTTP2, isHTTP2: isHTTP2)
    }

    private func text(_ fields: borrowing Fields) -> [String] {
        (0..<fields.count).map { "\(fields.name(at: $0).text): \(fields.value(at: $0).text)" }
    }

    @Test("is complete with version 13 and, on HTTP/1.1, a key")
    func complete() {
        let version = ("sec-websocket-version", "13")
        #expect(fault(request([version, ("sec-websocket-key", Self.key)])) == nil)
        #expect(fault(request([version]), isHTTP2: true) == nil)
        #expect(fault(request([version], isWebSocket: false)) == .upgradeRequired)
    }

    @Test("is refused for its version before its key is looked at")
    func version() {
        for versions in [[], ["8"], ["13", "13"], ["13, 8"], ["013"]] {
            let head = request(versions.map { ("sec-websocket-version", $0) })
            #expect(fault(head) == .upgradeRequired, "\(versions)")
            #expect(fault(head, isHTTP2: true) == .upgradeRequired, "\(versions)")
        }
    }

    @Test("is malformed without one key of 16 bytes")
    func key() {
        let bad = [
            [], ["abc"], [Self.key, Self.key], ["dGhlIHNhbXBsZSBub25jZQ="],
            ["dGhlIHNhbXBsZSBub25jZ==="], ["dGhlIHNhbXBsZSBub25jZ-=="],
        ]
        for keys in bad {
            let head = request(
                [("sec-websocket-version", "13")] + keys.map { ("sec-websocket-key", $0) })
            guard case .malformedRequest = fault(head) else {
                Issue.record("\(keys) were accepted")
                continue
            }
        }
    }

    @Test("is malformed with a body")
    func body() {
        let fields = [("sec-websocket-version", "13"), ("sec-websocket-key", Self.key)]
        let head = request(fields)
        for (isEnd, isHTTP2) in [(false, false), (true, true)] {
            let found = WebSocketHandshake.fault(of: head, isEnd: isEnd, isHTTP2: isHTTP2)
            #expect(found?.facts.logCode.description == "bad_request")
        }
        head.contentLength = 0
        #expect(fault(head)?.facts.logCode.description == "bad_request")
    }

    @Test("asks upstream with another key and the same subprotocols and extensions")
    func asking() {
        let client = request([
            ("sec-websocket-key", Self.key), ("sec-websocket-protocol", "a, b"),
            ("sec-websocket-extensions", "x"), ("cookie", "c"),
        ])
        var key = ByteBuffer()
        WebSocketHandshake.writeKey((1, 2), into: &key)
        #expect(key.count == 24)
        var upstream = Fields()
        WebSocketHandshake.appendRequest(client.fields, key: key, to: &upstream)
        let asked = text(upstream)
        #expect(
            asked == [
                "sec-websocket-version: 13", "sec-websocket-key: \(key.text)",
                "sec-websocket-protocol: a, b", "sec-websocket-extensions: x",
            ])
    }

    @Test("is answered by the proof of RFC 6455 and by no other")
    func accept() {
        var answer = Fields()
        let asked = request([("sec-websocket-key", Self.key)])
        let isProven = WebSocketHandshake.appendAnswer(
            Fields(), to: asked.fields, isHTTP2: false, into: &answer)
        let proof = text(answer)
        #expect(isProven && proof == ["sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="])
        var key = ByteBuffer()
        key.append(utf8: Self.key)
        let isRight = WebSocketHandshake.isAnswer(answer, to: key)
        #expect(isRight)
        var other = ByteBuffer()
        other.append("AAAAAAAAAAAAAAAAAAAAAA==")
        let isOthers = WebSocketHandshake.isAnswer(answer, to: other)
        #expect(!isOthers)
        let isAgain = WebSocketHandshake.appendAnswer(
            Fields(), to: asked.fields, isHTTP2: false, into: &answer)
        let isTwice = WebSocketHandshake.isAnswer(answer, to: key)
        #expect(isAgain && !isTwice)
        let isNothing = WebSocketHandshake.isAnswer(Fields(), to: key)
        #expect(!isNothing)
    }

    @Test("loses keys among the subprotocols, and knows them where they count")
    func keys() {
        let offers: [([(String, String)], [String], [String])] = [
            (
                [("sec-websocket-protocol", "realtime, openai-insecure-api-key.sk-1,v1")],
                ["sec-websocket-protocol: realtime, v1"], ["authorization: Bearer sk-1"]
            ),
            (
                [
                    ("sec-websocket-protocol", "OpenAI-Insecure-API-Key.sk-1"),
                    ("sec-websocket-protocol", "openai-insecure-api-key.sk-2, a"),
                ], ["sec-websocket-protocol: a"], ["authorization: Bearer sk-1,sk-2"]
            ),
            (
                [
                    ("authorization", "Bearer sk-0"),
                    ("sec-websocket-protocol", "openai-insecure-api-key.sk-1"),
                ], ["authorization: Bearer sk-0"], []
            ),
            ([("sec-websocket-protocol", "a,b")], ["sec-websocket-protocol: a, b"], []),
        ]
        for (offer, kept, credential) in offers {
            let off = request(offer)
            WebSocketHandshake.takeKeys(from: &off.fields, areCredentials: false)
            let left = text(off.fields)
            #expect(left == kept)
            let on = request(offer)
            WebSocketHandshake.takeKeys(from: &on.fields, areCredentials: true)
            let found = text(on.fields)
            #expect(found == kept + credential)
        }
    }
}
