import Chance
import HTTP
import Kernel
import Testing

/// Two codecs, face to face: whatever one says the other understands, however the bytes are cut.
@Suite("HTTP/1.1 round trips")
struct HTTP1RoundTripTests {
    private struct Message {
        var head: Head
        var description: String
        var body: [UInt8]
        var trailers: Head?
    }

    @Test("random exchanges arrive as they were sent", arguments: 0..<60 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let client = TestPeer(.client, answering: .never)
        let server = TestPeer(.server, answering: .never)
        for index in 0..<8 {
            let number = 2 * index + 1
            let comment: Comment = "seed \(seed), exchange \(index)"
            let request = makeMessage(isRequest: true, &random)
            let stream = try #require(
                client.codec.open(request.head, isEnd: request.body.isEmpty), comment)
            send(request, from: client, on: stream, &random)
            transfer(from: client, to: server, &random)
            #expect(server.takeWords() == expected(request, number), comment)
            if !request.body.isEmpty { #expect(server.lastBody == request.body, comment) }
            let response = makeMessage(isRequest: false, &random)
            server.codec.respond(response.head, on: stream, isEnd: response.body.isEmpty)
            send(response, from: server, on: stream, &random)
            transfer(from: server, to: client, &random)
            #expect(
                client.takeWords() == expected(response, number) + ["closed \(number)"], comment)
            #expect(server.takeWords() == ["closed \(number)"], comment)
        }
        #expect(client.codec.availableStreams == 1)
    }

    private func expected(_ message: Message, _ number: Int) -> [String] {
        if message.body.isEmpty { return ["head \(number) \(message.description) END"] }
        let trailers = message.trailers.map { describe($0) } ?? ""
        return [
            "head \(number) \(message.description)", "body \(number) \(latin1(message.body))",
            "end \(number)\(trailers)",
        ]
    }

    private func send(
        _ message: Message, from peer: TestPeer, on stream: StreamID,
        _ random: inout SeededRandom
    ) {
        if message.body.isEmpty { return }
        var start = 0
        while start < message.body.count {
            let end = Int.random(in: start...message.body.count, using: &random)
            peer.codec.send(message.body[start..<end].span, on: stream)
            start = end
        }
        peer.codec.sendEnd(on: stream, trailers: message.trailers)
    }

    /// Carries all output across in random portions.
    private func transfer(
        from sender: TestPeer, to receiver: TestPeer, _ random: inout SeededRandom
    ) {
        sender.writeLimit = Int.random(in: 1...700, using: &random)
        let output = sender.takeOutput()
        var start = 0
        while start < output.count {
            let end = min(output.count, start + Int.random(in: 1...400, using: &random))
            receiver.receive(output[start..<end])
            start = end
        }
    }

    private func makeMessage(isRequest: Bool, _ random: inout SeededRandom) -> Message {
        let head = Head()
        var text = ""
        if isRequest {
            head.method = [.post, .put, .patch, .delete].randomElement(using: &random) ?? .post
            head.authority.append("up.example:81")
            head.target.append("/v1/chat?x=%20y")
            text = "\(head.method.text) https://up.example:81 /v1/chat?x=%20y"
        } else {
            head.status = [200, 201, 400, 429, 503].randomElement(using: &random) ?? 200
            text = "\(head.status)"
        }
        var body: [UInt8] = []
        if Int.random(in: 0..<4, using: &random) > 0 {
            let count = Int.random(in: 1...3000, using: &random)
            body = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        var fields = ""
        for _ in 0..<Int.random(in: 0..<6, using: &random) {
            let field = makeField(&random)
            head.fields.append(name: field.name.utf8.span, value: bytes(field.value).span)
            fields += " {\(field.name.lowercased()): \(field.value)}"
        }
        var trailers: Head?
        // Without a body the length is said unless the method expects none.
        var length: Int? = body.isEmpty && head.method != .delete ? 0 : nil
        if !body.isEmpty {
            if Bool.random(using: &random) {
                length = body.count
                head.contentLength = length
            } else if Bool.random(using: &random) {
                let made = Head()
                let field = makeField(&random)
                made.fields.append(name: field.name.utf8.span, value: bytes(field.value).span)
                trailers = made
            }
        }
        if let length { text += " length=\(length)" }
        text += fields
        if let length { text += " {content-length: \(length)}" }
        return Message(head: head, description: text, body: body, trailers: trailers)
    }

    private func makeField(_ random: inout SeededRandom) -> (name: String, value: String) {
        let names = ["Accept", "X-Custom_1", "content-type", "!#$%&'*+-.^`|~", "Cookie", "Via"]
        var value: [UInt8] = []
        for _ in 0..<Int.random(in: 0..<30, using: &random) {
            let byte = UInt8.random(in: 0x21...0xff, using: &random)
            value.append(byte == 0x7f ? 0x20 : byte)
        }
        while value.last == 0x20 { value.removeLast() }
        while value.first == 0x20 { value.removeFirst() }
        return (names.randomElement(using: &random) ?? "X", latin1(value))
    }
}
