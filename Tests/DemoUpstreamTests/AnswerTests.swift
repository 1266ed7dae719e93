import HTTP
import Kernel
import Testing

@testable import DemoUpstream

@Suite("The demo upstream's answers")
struct AnswerTests {
    private let shelf = FileShelf()

    private func answer(
        _ method: Method, _ target: String, _ body: String = "",
        contentType: String = "application/json"
    ) -> Answer {
        var request = Request(method, target, contentType: contentType)
        request.body.append(utf8: body)
        return Answer.make(request, files: shelf)
    }

    private func document(_ answer: Answer) throws -> JSONValue {
        try #require(parsed(answer.body.text))
    }

    private func parsed(_ text: String) -> JSONValue? { JSONParser.parse(text.utf8.span) }

    /// The JSON of every `data:` line but `[DONE]`.
    private func events(_ answer: Answer) throws -> [JSONValue] {
        try answer.events.flatMap { event in
            let lines = event.split(separator: "\n").filter { $0.hasPrefix("data: {") }
            return try lines.map { line -> JSONValue in
                let value = parsed(String(line.dropFirst(6)))
                return try #require(value)
            }
        }
    }

    private let hello = """
        {"model":"demo","messages":[{"role":"system","content":"Be \\"kind\\"."},\
        {"role":"user","content":[{"type":"text","text":"Grüß \\ud83d\\ude00 dich"}]}]
        """

    @Test("the models are listed, one is described, an unknown one is not found")
    func models() throws {
        let list = try document(answer(.get, "/v1/models?limit=1"))
        let ids = try #require(list["data"]?.array).compactMap { $0["id"]?.string }
        #expect(ids.contains("demo-mini"))
        #expect(try document(answer(.get, "/v1/models/demo-mini"))["id"] == .string("demo-mini"))
        let unknown = answer(.get, "/v1/models/nope")
        #expect(unknown.status == 404)
        let error = try document(unknown)["error"]
        #expect(error?["code"] == .string("model_not_found"))
        #expect(error?["param"] == .string("model"))
    }

    @Test("a chat answers with the user's words and counts its tokens")
    func chat() throws {
        let value = try document(answer(.post, "/v1/chat/completions", hello + "}"))
        let choice = value["choices"]?.array?.first
        let text = choice?["message"]?["content"]?.string
        #expect(text == "Hello from the demo upstream. You said: Grüß 😀 dich")
        #expect(choice?["finish_reason"] == .string("stop"))
        #expect(value["usage"]?["completion_tokens"]?.count == 10)
        #expect(value["object"] == .string("chat.completion"))
        #expect(value["model"] == .string("demo"))
    }

    @Test("a streamed chat says the same, piece by piece, and ends with [DONE]")
    func chatStream() throws {
        let answer = answer(
            .post, "/v1/chat/completions",
            hello + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}")
        #expect(answer.events.last == "data: [DONE]\n\n")
        let chunks = try events(answer)
        let deltas = chunks.map { $0["choices"]?.array?.first?["delta"] }
        #expect(deltas.first??["role"] == .string("assistant"))
        let text = deltas.compactMap { $0?["content"]?.string }.joined()
        #expect(text == "Hello from the demo upstream. You said: Grüß 😀 dich")
        #expect(deltas.count == 13)
        #expect(chunks.last?["choices"] == .array([]))
        #expect(chunks.last?["usage"]?["completion_tokens"]?.count == 10)
        #expect(Set(chunks.compactMap { $0["id"]?.string }).count == 1)
        let without = try events(
            self.answer(.post, "/v1/chat/completions", hello + ",\"stream\":true}"))
        #expect(without.count == chunks.count - 1)
        #expect(without.allSatisfy { $0["usage"] == nil })
    }

    @Test("a limit on tokens cuts the answer and says so")
    func limit() throws {
        let value = try document(
            answer(.post, "/v1/chat/completions", hello + ",\"max_tokens\":3}"))
        let choice = value["choices"]?.array?.first
        #expect(choice?["message"]?["content"] == .string("Hello from the"))
        #expect(choice?["finish_reason"] == .string("length"))
    }

    @Test("the same request has the same answer, another one another id")
    func determinism() throws {
        let first = answer(.post, "/v1/chat/completions", hello + "}")
        let second = answer(.post, "/v1/chat/completions", hello + "}")
        let third = answer(.post, "/v1/chat/completions", hello + "} ")
        #expect(first.body.text == second.body.text)
        #expect(first.requestID == second.requestID)
        #expect(first.requestID != third.requestID)
    }

    @Test("completions answer every prompt, whole and streamed")
    func completions() throws {
        let body = "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"max_tokens\":99"
        let value = try document(answer(.post, "/v1/completions", body + "}"))
        let texts = try #require(value["choices"]?.array).compactMap { $0["text"]?.string }
        #expect(texts.map { $0.suffix(1) } == ["a", "b"])
        let streamed = try events(answer(.post, "/v1/completions", body + ",\"stream\":true}"))
        let first = streamed.compactMap { chunk -> String? in
            let choice = chunk["choices"]?.array?.first
            return choice?["index"]?.count == 0 ? choice?["text"]?.string : nil
        }
        #expect(first.joined() == texts[0])
    }

    @Test("responses come whole and as typed events in order")
    func responses() throws {
        let body = "{\"model\":\"m\",\"input\":\"hi\",\"instructions\":\"Be brief.\""
        let value = try document(answer(.post, "/v1/responses", body + "}"))
        let part = value["output"]?.array?.first?["content"]?.array?.first
        #expect(part?["text"] == .string("Hello from the demo upstream. You said: hi"))
        let streamed = answer(.post, "/v1/responses", body + ",\"stream\":true}")
        let events = try events(streamed)
        #expect(events.map { $0["sequence_number"]?.count } == Array(0..<events.count))
        let types = events.compactMap { $0["type"]?.string }
        #expect(types.first == "response.created")
        #expect(types.last == "response.completed")
        #expect(zip(streamed.events, types).allSatisfy { $0.hasPrefix("event: \($1)\n") })
        let deltas = events.filter { $0["type"]?.string == "response.output_text.delta" }
        #expect(deltas.compactMap { $0["delta"]?.string }.joined() == part?["text"]?.string)
        let last = events.last?["response"]?["output"]?.array?.first
        #expect(last?["content"]?.array?.first == part)
        #expect(!streamed.events.contains { $0.contains("[DONE]") })
    }

    @Test("messages come in Anthropic's shape, whole and streamed, and so do its errors")
    func messages() throws {
        let body = "{\"model\":\"c\",\"max_tokens\":4,\"messages\":[{\"role\":\"user\","
        let value = try document(answer(.post, "/v1/messages", body + "\"content\":\"hi\"}]}"))
        #expect(
            value["content"]?.array?.first?["text"] == .string("Hello from the demo"))
        #expect(value["stop_reason"] == .string("max_tokens"))
        let streamed = try events(
            answer(.post, "/v1/messages", body + "\"content\":\"hi\"}],\"stream\":true}"))
        #expect(
            streamed.compactMap { $0["type"]?.string } == [
                "message_start", "content_block_start", "ping", "content_block_delta",
                "content_block_delta", "content_block_delta", "content_block_delta",
                "content_block_stop", "message_delta", "message_stop",
            ])
        let refused = answer(.post, "/v1/messages", "{\"model\":\"c\"}")
        #expect(refused.status == 400)
        #expect(try document(refused)["type"] == .string("error"))
    }

    @Test("embeddings are unit vectors, one for each input, alike in both encodings")
    func embeddings() throws {
        let body = "{\"model\":\"m\",\"input\":[\"a\",\"b\",\"a\"],\"dimensions\":7"
        let value = try document(answer(.post, "/v1/embeddings", body + "}"))
        let data = try #require(value["data"]?.array)
        #expect(data.map { $0["index"]?.count } == [0, 1, 2])
        #expect(data[0]["embedding"] == data[2]["embedding"])
        #expect(data[0]["embedding"] != data[1]["embedding"])
        let vector = try #require(data[0]["embedding"]?.array).map { value -> Double in
            if case .number(let number) = value { number } else { .nan }
        }
        #expect(vector.count == 7)
        #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        let encoded = try document(
            answer(.post, "/v1/embeddings", body + ",\"encoding_format\":\"base64\"}"))
        let text = try #require(encoded["data"]?.array?[0]["embedding"]?.string)
        let bytes = try #require(decode(base64: text))
        let decoded = stride(from: 0, to: bytes.count, by: 4).map { index -> Double in
            let bits = (0..<4).reduce(0 as UInt32) { $0 | UInt32(bytes[index + $1]) << (8 * $1) }
            return Double(Float(bitPattern: bits))
        }
        #expect(zip(decoded, vector).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(decoded.count == 7)
    }

    private func decode(base64 text: String) -> [UInt8]? {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        guard text.utf8.count % 4 == 0 else { return nil }
        var bits = 0
        var count = 0
        var bytes: [UInt8] = []
        for character in text where character != "=" {
            guard let value = digits.firstIndex(of: character) else { return nil }
            bits = (bits << 6 | value) & 0xffff
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return bytes
    }

    @Test(
        "embeddings take a string, strings, tokens and lists of tokens",
        arguments: [
            ("\"a\"", 1), ("[\"a\",\"b\"]", 2), ("[1,2,3]", 1), ("[[1,2],[3]]", 2),
        ])
    func embeddingInputs(input: String, count: Int) throws {
        let value = try document(
            answer(.post, "/v1/embeddings", "{\"model\":\"m\",\"dimensions\":2,\"input\":\(input)}")
        )
        #expect(value["data"]?.array?.count == count)
    }

    @Test("moderations judge every input")
    func moderations() throws {
        let value = try document(
            answer(.post, "/v1/moderations", "{\"input\":[\"peace\",\"Violence!\"]}"))
        let results = try #require(value["results"]?.array)
        #expect(results.map { $0["flagged"] } == [.bool(false), .bool(true)])
        #expect(results[1]["categories"]?["violence"] == .bool(true))
        #expect(results[1]["categories"]?["hate"] == .bool(false))
    }

    @Test(
        "what is no JSON object is refused in OpenAI's envelope",
        arguments: ["", "[]", "{", "{\"a\":01x}", "nul", String(repeating: "[", count: 9_999)])
    func badBodies(body: String) throws {
        let refused = answer(.post, "/v1/chat/completions", body)
        #expect(refused.status == 400)
        #expect(try document(refused)["error"]?["type"] == .string("invalid_request_error"))
    }

    @Test(
        "a missing parameter is named",
        arguments: [
            ("/v1/chat/completions", "{}", "model"),
            ("/v1/chat/completions", "{\"model\":\"m\"}", "messages"),
            ("/v1/embeddings", "{\"model\":\"m\"}", "input"),
            ("/v1/responses", "{\"input\":\"a\"}", "model"),
        ])
    func missingParameters(path: String, body: String, parameter: String) throws {
        let refused = answer(.post, path, body)
        #expect(refused.status == 400)
        #expect(try document(refused)["error"]?["param"] == .string(parameter))
    }

    @Test(
        "every other target is unknown",
        arguments: ["/", "/v1", "/v1/audio/speech", "/v1/files/a/b", "/v1/models/a/b", "*"])
    func unknown(target: String) throws {
        let refused = answer(.get, target)
        #expect(refused.status == 404)
        #expect(try document(refused)["error"]?["code"] == .string("unknown_url"))
    }

    @Test("a file is uploaded, listed, described, read and deleted")
    func files() throws {
        let content = "{\"a\":1}\r\n--b\r\nnot a boundary"
        let body =
            "--bound\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
            + "--bound\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;\\b.jsonl\""
            + "\r\n"
            + "Content-Type: application/jsonl\r\n\r\n\(content)\r\n--bound--\r\n"
        let stored = try document(
            answer(
                .post, "/v1/files", body, contentType: "multipart/form-data; boundary=\"bound\""))
        #expect(stored["filename"] == .string("a;\\b.jsonl"))
        #expect(stored["bytes"]?.count == content.utf8.count)
        #expect(stored["purpose"] == .string("batch"))
        let id = try #require(stored["id"]?.string)
        #expect(try document(answer(.get, "/v1/files"))["data"] == .array([stored]))
        #expect(try document(answer(.get, "/v1/files/\(id)")) == stored)
        #expect(answer(.get, "/v1/files/\(id)/content").body.text == content)
        #expect(try document(answer(.delete, "/v1/files/\(id)"))["deleted"] == .bool(true))
        #expect(answer(.get, "/v1/files/\(id)").status == 404)
        #expect(answer(.delete, "/v1/files/\(id)").status == 404)
    }

    @Test(
        "a body that is no upload is refused",
        arguments: [
            ("x", "multipart/form-data; boundary=b"), ("--b\r\n\r\nx\r\n--b--", "text/plain"),
            ("--b\r\n\r\nx\r\n--b", "multipart/form-data; boundary=b"),
            ("--b--", "multipart/form-data; boundary=b"), ("--b--", "multipart/form-data"),
            ("--b\r\nno end\r\n--b--", "multipart/form-data; boundary=b"),
            ("--b\r\n--b--", "multipart/form-data; boundary=b"),
        ])
    func badUploads(body: String, contentType: String) {
        #expect(answer(.post, "/v1/files", body, contentType: contentType).status == 400)
    }

    @Test("the shelf holds a bounded number of bytes and files")
    func bounds() throws {
        let small = FileShelf(countLimit: 3, byteLimit: 10)
        for index in 0..<6 {
            _ = small.store(name: "\(index)", purpose: "p", content: "abcd".utf8.span)
        }
        let data = try #require(document(small.list())["data"]?.array)
        #expect(data.compactMap { $0["filename"]?.string } == ["5", "4"])
    }
}
