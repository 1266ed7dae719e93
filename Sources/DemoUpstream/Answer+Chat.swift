/// Chat completions and their ancestor.
extension Answer {
    static func chat(_ document: JSONValue, _ fingerprint: Fingerprint) -> Answer {
        guard let model = document["model"]?.string else { return missing("model") }
        guard let messages = document["messages"], messages.array != nil else {
            return missing("messages")
        }
        let prompt = Prompt(messages: messages)
        let limit = document["max_completion_tokens"]?.count ?? document["max_tokens"]?.count
        let reply = prompt.reply(atMost: limit)
        let opening = "\"id\":\"chatcmpl-\(fingerprint.text)\""
        let identity =
            "\"created\":\(created),\"model\":\(quoted(model)),\"system_fingerprint\":\"fp_demo\""
        let usage = usage(prompt: prompt.tokens, completion: reply.pieces.count)
        guard document["stream"]?.bool == true else {
            return Answer(
                """
                {\(opening),"object":"chat.completion",\(identity),"choices":[{"index":0,\
                "message":{"role":"assistant","content":\(quoted(reply.text)),"refusal":null,\
                "annotations":[]},"logprobs":null,"finish_reason":"\(reply.finishReason)"}],\
                "usage":\(usage),"service_tier":"default"}
                """)
        }
        let includesUsage = document["stream_options"]?["include_usage"]?.bool == true
        let head = "{\(opening),\"object\":\"chat.completion.chunk\",\(identity)"
        let tail = includesUsage ? ",\"usage\":null}" : "}"
        func chunk(_ delta: String, _ reason: String) -> String {
            """
            \(head),"choices":[{"index":0,"delta":\(delta),"logprobs":null,\
            "finish_reason":\(reason)}]\(tail)
            """
        }
        var chunks = [chunk("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", "null")]
        chunks += reply.pieces.map { chunk("{\"content\":\(quoted($0))}", "null") }
        chunks.append(chunk("{}", "\"\(reply.finishReason)\""))
        if includesUsage { chunks.append("\(head),\"choices\":[],\"usage\":\(usage)}") }
        return stream(chunks)
    }

    static func completions(_ document: JSONValue, _ fingerprint: Fingerprint) -> Answer {
        guard let model = document["model"]?.string else { return missing("model") }
        let prompts: [Prompt]
        switch document["prompt"] {
        case .string(let text): prompts = [Prompt(text: text)]
        case .array(let values) where values.first?.string != nil:
            prompts = values.prefix(16).map { Prompt(text: $0.string ?? "") }
        default: prompts = [Prompt(text: "")]
        }
        let replies = prompts.map { $0.reply(atMost: document["max_tokens"]?.count ?? 16) }
        let usage = usage(
            prompt: prompts.reduce(0) { $0 + $1.tokens },
            completion: replies.reduce(0) { $0 + $1.pieces.count })
        let head = """
            {"id":"cmpl-\(fingerprint.text)","object":"text_completion","created":\(created),\
            "model":\(quoted(model)),"choices":[
            """
        func choice(_ index: Int, _ text: String, _ reason: String) -> String {
            """
            {"text":\(quoted(text)),"index":\(index),"logprobs":null,"finish_reason":\(reason)}
            """
        }
        guard document["stream"]?.bool == true else {
            let choices = replies.enumerated().map { index, reply in
                choice(index, reply.text, "\"\(reply.finishReason)\"")
            }
            return Answer("\(head)\(choices.joined(separator: ","))],\"usage\":\(usage)}")
        }
        let includesUsage = document["stream_options"]?["include_usage"]?.bool == true
        let tail = includesUsage ? "],\"usage\":null}" : "]}"
        var chunks: [String] = []
        for (index, reply) in replies.enumerated() {
            chunks += reply.pieces.map { head + choice(index, $0, "null") + tail }
            chunks.append(head + choice(index, "", "\"\(reply.finishReason)\"") + tail)
        }
        if includesUsage { chunks.append("\(head)],\"usage\":\(usage)}") }
        return stream(chunks)
    }

    private static func usage(prompt: Int, completion: Int) -> String {
        """
        {"prompt_tokens":\(prompt),"completion_tokens":\(completion),\
        "total_tokens":\(prompt + completion)}
        """
    }
}

extension Reply {
    /// OpenAI's word for why the answer ended.
    fileprivate var finishReason: String { isCut ? "length" : "stop" }
}
