/// The Responses API, whole and as typed events.
extension Answer {
    static func responses(_ document: JSONValue, _ fingerprint: Fingerprint) -> Answer {
        guard let model = document["model"]?.string else { return missing("model") }
        var prompt = Prompt(messages: document["input"])
        prompt.add(instructions: document["instructions"])
        let reply = prompt.reply(atMost: document["max_output_tokens"]?.count)
        let response = ResponseObject(
            id: fingerprint.text, model: model, inputTokens: prompt.tokens, reply: reply)
        guard document["stream"]?.bool == true else { return Answer(response.finished) }
        return stream(named: response.events())
    }
}

/// The parts of one response object, from which its events are made.
private struct ResponseObject {
    let id: String
    let model: String
    let inputTokens: Int
    let reply: Reply

    private var status: String { reply.isCut ? "incomplete" : "completed" }

    private var item: String { item(status, "[\(part(reply.text))]") }

    private func item(_ status: String, _ content: String) -> String {
        """
        {"type":"message","id":"msg_\(id)","status":"\(status)","role":"assistant",\
        "content":\(content)}
        """
    }

    private func part(_ text: String) -> String {
        "{\"type\":\"output_text\",\"text\":\(quoted(text)),\"annotations\":[],\"logprobs\":[]}"
    }

    private func object(_ status: String, _ output: String, _ usage: String) -> String {
        let incomplete =
            status == "incomplete" ? "{\"reason\":\"max_output_tokens\"}" : "null"
        return """
            {"id":"resp_\(id)","object":"response","created_at":\(Answer.created),\
            "status":"\(status)","error":null,"incomplete_details":\(incomplete),\
            "instructions":null,"max_output_tokens":null,"model":\(quoted(model)),\
            "output":\(output),"parallel_tool_calls":true,"previous_response_id":null,\
            "reasoning":{"effort":null,"summary":null},"store":false,"temperature":1.0,\
            "text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_p":1.0,\
            "truncation":"disabled","usage":\(usage),"user":null,"metadata":{}}
            """
    }

    var finished: String {
        let count = reply.pieces.count
        return object(
            status, "[\(item)]",
            """
            {"input_tokens":\(inputTokens),"input_tokens_details":{"cached_tokens":0},\
            "output_tokens":\(count),"output_tokens_details":{"reasoning_tokens":0},\
            "total_tokens":\(inputTokens + count)}
            """)
    }

    func events() -> [(name: String, data: String)] {
        let place = "\"item_id\":\"msg_\(id)\",\"output_index\":0,\"content_index\":0"
        let begun = object("in_progress", "[]", "null")
        var events: [(name: String, data: String)] = []
        func add(_ name: String, _ members: String) {
            let number = events.count
            events.append(
                (name, "{\"type\":\"\(name)\",\"sequence_number\":\(number),\(members)}"))
        }
        add("response.created", "\"response\":\(begun)")
        add("response.in_progress", "\"response\":\(begun)")
        add(
            "response.output_item.added",
            "\"output_index\":0,\"item\":\(item("in_progress", "[]"))")
        add("response.content_part.added", "\(place),\"part\":\(part(""))")
        for piece in reply.pieces {
            add("response.output_text.delta", "\(place),\"delta\":\(quoted(piece)),\"logprobs\":[]")
        }
        add("response.output_text.done", "\(place),\"text\":\(quoted(reply.text)),\"logprobs\":[]")
        add("response.content_part.done", "\(place),\"part\":\(part(reply.text))")
        add("response.output_item.done", "\"output_index\":0,\"item\":\(item)")
        add("response.\(status)", "\"response\":\(finished)")
        return events
    }
}
