/// Anthropic's Messages API: its own shapes, its own envelope.
extension Answer {
    static func messages(_ request: borrowing Request) -> Answer {
        guard let document = JSONParser.parse(request.body.bytes), document.isObject else {
            return messagesFailure("The request body is not valid JSON")
        }
        guard let model = document["model"]?.string else {
            return messagesFailure("model: Field required")
        }
        guard let limit = document["max_tokens"]?.count else {
            return messagesFailure("max_tokens: Field required")
        }
        guard document["messages"]?.array != nil else {
            return messagesFailure("messages: Field required")
        }
        var prompt = Prompt(messages: document["messages"])
        prompt.add(instructions: document["system"])
        let reply = prompt.reply(atMost: limit)
        let message = MessageObject(
            id: request.fingerprint.text, model: model, inputTokens: prompt.tokens, reply: reply)
        guard document["stream"]?.bool == true else { return Answer(message.finished) }
        return stream(named: message.events())
    }

    private static func messagesFailure(_ message: String) -> Answer {
        let answer = Answer(
            """
            {"type":"error","error":{"type":"invalid_request_error",\
            "message":\(quoted(message))}}
            """)
        answer.status = 400
        return answer
    }
}

/// The parts of one message object, from which its events are made.
private struct MessageObject {
    let id: String
    let model: String
    let inputTokens: Int
    let reply: Reply

    private var stopReason: String { reply.isCut ? "\"max_tokens\"" : "\"end_turn\"" }

    private func object(_ content: String, _ stopReason: String, _ outputTokens: Int) -> String {
        """
        {"id":"msg_\(id)","type":"message","role":"assistant","model":\(quoted(model)),\
        "content":\(content),"stop_reason":\(stopReason),"stop_sequence":null,\
        "usage":{"input_tokens":\(inputTokens),"output_tokens":\(outputTokens)}}
        """
    }

    var finished: String {
        object(
            "[{\"type\":\"text\",\"text\":\(quoted(reply.text))}]", stopReason, reply.pieces.count)
    }

    func events() -> [(name: String, data: String)] {
        var events: [(name: String, data: String)] = []
        func add(_ name: String, _ members: String) {
            events.append((name, "{\"type\":\"\(name)\"\(members)}"))
        }
        add("message_start", ",\"message\":\(object("[]", "null", 1))")
        add(
            "content_block_start",
            ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
        add("ping", "")
        for piece in reply.pieces {
            add(
                "content_block_delta",
                ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\(quoted(piece))}")
        }
        add("content_block_stop", ",\"index\":0")
        add(
            "message_delta",
            """
            ,"delta":{"stop_reason":\(stopReason),"stop_sequence":null},\
            "usage":{"output_tokens":\(reply.pieces.count)}
            """)
        add("message_stop", "")
        return events
    }
}
