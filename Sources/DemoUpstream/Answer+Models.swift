/// The models that the demo upstream lists. It answers for any other as well.
extension Answer {
    private static let names = [
        "demo-large", "demo-mini", "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "o4-mini",
        "gpt-3.5-turbo-instruct", "text-embedding-3-small", "text-embedding-3-large",
        "text-embedding-ada-002", "omni-moderation-latest", "claude-sonnet-4-5",
    ]

    static func models() -> Answer {
        let list = names.map(modelObject).joined(separator: ",")
        return Answer("{\"object\":\"list\",\"data\":[\(list)]}")
    }

    static func model(_ name: String) -> Answer {
        guard names.contains(name) else {
            return failure(
                404, "The model '\(name)' does not exist or you do not have access to it.",
                param: "model", code: "model_not_found")
        }
        return Answer(modelObject(name))
    }

    private static func modelObject(_ name: String) -> String {
        """
        {"id":\(quoted(name)),"object":"model","created":\(created),"owned_by":"gatehouse-demo"}
        """
    }
}
