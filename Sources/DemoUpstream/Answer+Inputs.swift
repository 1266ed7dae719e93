import Kernel

/// Endpoints that judge inputs: embeddings and moderations.
extension Answer {
    private static let inputLimit = 2_048

    /// Unit vectors drawn from a hash of each input: the same text has the same vector.
    static func embeddings(_ document: JSONValue, _ fingerprint: Fingerprint) -> Answer {
        guard let model = document["model"]?.string else { return missing("model") }
        guard let inputs = inputs(document["input"]) else { return missing("input") }
        guard inputs.count <= inputLimit else {
            return failure(
                400, "'input' may hold at most \(inputLimit) texts.", param: "input",
                code: "array_above_max_length")
        }
        let size = document["dimensions"]?.count ?? (model.hasSuffix("large") ? 3_072 : 1_536)
        guard (1...3_072).contains(size) else {
            return failure(
                400, "'dimensions' must be between 1 and 3072.", param: "dimensions",
                code: "invalid_value")
        }
        let isBase64 = document["encoding_format"]?.string == "base64"
        let answer = Answer("{\"object\":\"list\",\"data\":[")
        for (index, input) in inputs.enumerated() {
            if index > 0 { answer.body.append(",") }
            answer.body.append("{\"object\":\"embedding\",\"index\":")
            answer.body.append(decimal: index)
            answer.body.append(",\"embedding\":")
            let vector = vector(of: input, size: size)
            if isBase64 {
                append(base64: vector, to: &answer.body)
            } else {
                append(vector, to: &answer.body)
            }
            answer.body.append("}")
        }
        let tokens = inputs.reduce(0) { $0 + Prompt(text: $1).tokens }
        answer.body.append(
            utf8: """
                ],"model":\(quoted(model)),\
                "usage":{"prompt_tokens":\(tokens),"total_tokens":\(tokens)}}
                """)
        return answer
    }

    /// A string, a list of strings, a list of tokens or a list of lists of tokens.
    private static func inputs(_ value: JSONValue?) -> [String]? {
        switch value {
        case .string(let text): return [text]
        case .array(let values):
            guard let first = values.first else { return nil }
            if case .number = first { return [tokenText(values)] }
            return values.map { $0.string ?? tokenText($0.array ?? []) }
        default: return nil
        }
    }

    private static func tokenText(_ tokens: [JSONValue]) -> String {
        tokens.map { String($0.count ?? 0) }.joined(separator: " ")
    }

    private static func vector(of text: String, size: Int) -> [Float] {
        var sequence = Fingerprint(text)
        var vector: [Float] = []
        vector.reserveCapacity(size)
        var square: Float = 0
        for _ in 0..<size {
            let value = Float(sequence.draw() >> 40) / 8_388_608 - 1
            vector.append(value)
            square += value * value
        }
        let length = square > 0 ? square.squareRoot() : 1
        for index in vector.indices { vector[index] /= length }
        return vector
    }

    private static func append(_ vector: [Float], to output: inout ByteBuffer) {
        output.append("[")
        for (index, value) in vector.enumerated() {
            if index > 0 { output.append(",") }
            output.append(utf8: value.description)
        }
        output.append("]")
    }

    /// Little-endian 32-bit floats in base64, as OpenAI's SDKs ask for them.
    private static func append(base64 vector: [Float], to output: inout ByteBuffer) {
        var bytes = ByteBuffer(capacity: vector.count * 4)
        for value in vector {
            let bits = value.bitPattern
            for shift in stride(from: 0 as UInt32, to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
            }
        }
        output.append("\"")
        output.append(base64: bytes.bytes)
        output.append("\"")
    }

    private static let categories = [
        "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
        "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent", "sexual",
        "sexual/minors", "violence", "violence/graphic",
    ]

    /// Flags an input that contains the word "violence", so that both outcomes can be tried.
    static func moderations(_ document: JSONValue, _ fingerprint: Fingerprint) -> Answer {
        guard let inputs = inputs(document["input"]) else { return missing("input") }
        let model = document["model"]?.string ?? "omni-moderation-latest"
        let results = inputs.prefix(inputLimit).map(result).joined(separator: ",")
        return Answer(
            """
            {"id":"modr-\(fingerprint.text)","model":\(quoted(model)),"results":[\(results)]}
            """)
    }

    private static func result(_ input: String) -> String {
        let isFlagged = input.lowercased().contains("violence")
        func members(_ value: (String) -> String) -> String {
            categories.map { "\(quoted($0)):\(value($0))" }.joined(separator: ",")
        }
        let verdicts = members { String(isFlagged && $0 == "violence") }
        let scores = members { isFlagged && $0 == "violence" ? "0.97" : "0.001" }
        let types = members { _ in "[\"text\"]" }
        return """
            {"flagged":\(isFlagged),"categories":{\(verdicts)},"category_scores":{\(scores)},\
            "category_applied_input_types":{\(types)}}
            """
    }
}
