import HTTP
import Kernel

/// What is sent back: a whole body, or events at a pace.
final class Answer {
    /// 2025-01-01T00:00:00Z: the time of everything, so that answers do not change with the clock.
    static let created = 1_735_689_600

    var status = 200
    var contentType: StaticString = "application/json"
    var body = ByteBuffer()
    /// The events of a stream as they go over the wire; empty when the answer is `body`.
    var events: [String] = []
    var requestID = ""

    init() {}

    init(_ json: String) { body.append(utf8: json) }

    /// Answers `request`. Depends on nothing but the request and the files on the shelf.
    static func make(_ request: borrowing Request, files: FileShelf) -> Answer {
        let answer = route(request, files)
        answer.requestID = "req_" + request.fingerprint.text
        return answer
    }

    private static func route(_ request: borrowing Request, _ files: FileShelf) -> Answer {
        let path = request.path
        switch (request.method, path) {
        case (.get, "/v1/models"), (.head, "/v1/models"): return models()
        case (.post, "/v1/chat/completions"): return reading(request, chat)
        case (.post, "/v1/completions"): return reading(request, completions)
        case (.post, "/v1/responses"): return reading(request, responses)
        case (.post, "/v1/embeddings"): return reading(request, embeddings)
        case (.post, "/v1/moderations"): return reading(request, moderations)
        case (.post, "/v1/messages"): return messages(request)
        case (.post, "/v1/files"): return upload(request, to: files)
        case (.get, "/v1/files"), (.head, "/v1/files"): return files.list()
        default: break
        }
        let isReading = request.method == .get || request.method == .head
        if isReading, let id = path.behind("/v1/models/") { return model(id) }
        if let id = path.behind("/v1/files/") {
            if isReading { return files.describe(id) }
            if request.method == .delete { return files.delete(id) }
        }
        if isReading, let id = path.behind("/v1/files/", before: "/content") {
            return files.content(id)
        }
        return unknown(request)
    }

    /// Parses the body and refuses it in OpenAI's words when it is no JSON object.
    private static func reading(
        _ request: borrowing Request, _ make: (JSONValue, Fingerprint) -> Answer
    ) -> Answer {
        guard let document = JSONParser.parse(request.body.bytes), document.isObject else {
            return failure(
                400, "We could not parse the JSON body of your request.", code: nil)
        }
        return make(document, request.fingerprint)
    }

    private static func unknown(_ request: borrowing Request) -> Answer {
        let method = request.method.text.description
        return failure(
            404, "Unknown request URL: \(method) \(request.path).", code: "unknown_url")
    }

    /// An error in OpenAI's envelope.
    static func failure(
        _ status: Int, _ message: String, type: String = "invalid_request_error",
        param: String? = nil, code: String?
    ) -> Answer {
        let param = param.map(quoted) ?? "null"
        let code = code.map(quoted) ?? "null"
        let answer = Answer(
            """
            {"error":{"message":\(quoted(message)),"type":\(quoted(type)),\
            "param":\(param),"code":\(code)}}
            """)
        answer.status = status
        return answer
    }

    static func missing(_ parameter: String) -> Answer {
        failure(
            400, "Missing required parameter: '\(parameter)'.", param: parameter,
            code: "missing_required_parameter")
    }

    /// A stream of events without a name, ended as OpenAI ends them.
    static func stream(_ data: [String]) -> Answer {
        let answer = Answer()
        answer.contentType = "text/event-stream"
        answer.events = data.map { "data: \($0)\n\n" } + ["data: [DONE]\n\n"]
        return answer
    }

    /// A stream of named events; the name is also the `type` in each event's data.
    static func stream(named events: [(name: String, data: String)]) -> Answer {
        let answer = Answer()
        answer.contentType = "text/event-stream"
        answer.events = events.map { "event: \($0.name)\ndata: \($0.data)\n\n" }
        return answer
    }
}

/// `text` as a JSON string, quotes included.
func quoted(_ text: String) -> String {
    var output = ByteBuffer()
    output.append(UInt8(ascii: "\""))
    output.append(jsonEscaped: text)
    output.append(UInt8(ascii: "\""))
    return output.text
}

extension String {
    /// The one path segment behind `prefix` and before `suffix`; nil when there is none or more.
    fileprivate func behind(_ prefix: String, before suffix: String = "") -> String? {
        guard hasPrefix(prefix), hasSuffix(suffix) else { return nil }
        guard utf8.count > prefix.utf8.count + suffix.utf8.count else { return nil }
        let segment = dropFirst(prefix.count).dropLast(suffix.count)
        return segment.contains("/") ? nil : String(segment)
    }
}
