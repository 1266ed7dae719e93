import Errors
import JSON
import Kernel
import Testing

@testable import Proxy

@Suite struct CompletionTranslatorTests {
    private let translator = CompletionTranslator(JSONReader())

    private func chat(_ body: String) throws(GatewayError) -> String {
        var chat = ByteBuffer()
        try translator.writeChatRequest(for: body.utf8.span, into: &chat)
        return chat.text
    }

    private func completion(_ answer: String) throws(CompletionTranslator.Unreadable) -> String {
        var text = ByteBuffer()
        try translator.writeCompletion(for: answer.utf8.span, into: &text)
        return text.text
    }

    private func content(_ prompt: String) throws -> String {
        let text = try chat("{\"prompt\":\(prompt)}")
        let head = "{\"messages\":[{\"role\":\"user\",\"content\":"
        try #require(text.hasPrefix(head) && text.hasSuffix("}]}"))
        return String(text.dropFirst(head.count).dropLast(3))
    }

    @Test(
        "a prompt becomes one message, its strings joined by a blank line and never unescaped",
        arguments: [
            ("\"a\"", "\"a\""), ("[\"a\",\"b\"]", "\"a\\n\\nb\""), ("[\"a\"]", "\"a\""),
            ("[]", "\"\""), ("null", "\"\""), ("[\"\",\"\"]", "\"\\n\\n\""),
            ("\"\\u00e9\\ud83d \\\"\"", "\"\\u00e9\\ud83d \\\"\""),
        ])
    func prompts(prompt: String, content: String) throws {
        #expect(try self.content(prompt) == content)
    }

    @Test("without a prompt the message is empty")
    func noPrompt() throws {
        #expect(
            try chat("{\"model\":\"m\"}")
                == "{\"messages\":[{\"role\":\"user\",\"content\":\"\"}],\"model\":\"m\"}")
    }

    @Test(
        "a prompt of tokens cannot be said in chat",
        arguments: ["[1,2]", "[[1,2]]", "[\"a\",1]", "7", "{\"a\":1}", "true", "[null]"])
    func tokens(prompt: String) {
        #expect(throws: GatewayError.unsupportedPrompt) {
            try chat("{\"prompt\":\(prompt)}")
        }
    }

    @Test("two prompts are refused, however the second is spelled")
    func twoPrompts() {
        #expect(throws: GatewayError.invalidJSON) {
            try chat("{\"prompt\":\"a\",\"pr\\u006fmpt\":\"b\"}")
        }
    }

    @Test("all other members come through byte for byte, but those that chat has not")
    func members() throws {
        let kept = """
            "max_tokens":16,"temperature":0.70,"top_p":1,"n":2,"stop":["\\n"],"user":"u",\
            "seed":18446744073709551615,"logit_bias":{"50256":-100},"presence_penalty":0,\
            "frequency_penalty":-2,"x_unknown":{"deep":[1,{"a":null}]}
            """
        let body = """
            {"model":"m","prompt":"p","echo":false,"best_of":1,"logprobs":null,"suffix":"s",\
            "messages":[],\(kept)}
            """
        #expect(
            try chat(body) == """
                {"messages":[{"role":"user","content":"p"}],"model":"m",\(kept)}
                """)
    }

    @Test("a chat completion becomes a text completion")
    func answer() throws {
        let answer = """
            {"id":"chatcmpl-7","object":"chat.completion","created":5,"model":"m","choices":[\
            {"index":0,"message":{"role":"assistant","content":"A \\"b\\""},"logprobs":{"x":1},\
            "finish_reason":"stop"},{"message":{"content":null},"index":1,"finish_reason":null}],\
            "usage":{"total_tokens":9},"system_fingerprint":null}
            """
        #expect(
            try completion(answer) == """
                {"object":"text_completion","id":"cmpl-7","created":5,"model":"m","choices":[\
                {"text":"A \\"b\\"","index":0,"logprobs":null,"finish_reason":"stop"},\
                {"text":"","index":1,"logprobs":null,"finish_reason":null}],\
                "usage":{"total_tokens":9},"system_fingerprint":null}
                """)
    }

    @Test("an id that is not a chat completion's stays as it is")
    func foreignID() throws {
        #expect(
            try completion("{\"id\":\"gen-1\",\"choices\":[]}")
                == "{\"object\":\"text_completion\",\"id\":\"gen-1\",\"choices\":[]}")
    }

    @Test(
        "what is no chat completion is not translated",
        arguments: [
            "", "<html>", "[]", "{}", "{\"choices\":null}", "{\"choices\":[1]}",
            "{\"choices\":[{\"index\":0}]}", "{\"choices\":[{\"message\":\"x\"}]}",
            "{\"choices\":[{\"message\":{\"content\":[]}}]}", "{\"choices\":[],\"choices\":[]}",
            "{\"choices\":[{\"message\":{\"content\":\"x\"}}]", "data: {}",
        ])
    func unreadable(answer: String) {
        #expect(throws: CompletionTranslator.Unreadable.self) { try completion(answer) }
    }
}
