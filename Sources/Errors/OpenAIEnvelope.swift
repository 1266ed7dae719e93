import Kernel

/// `{"error":{"message","type","param","code"}}`, the envelope the OpenAI SDKs read.
enum OpenAIEnvelope {
    static func write(_ facts: Facts, errorParam: Bool, into output: inout ByteBuffer) {
        output.append("{\"error\":{\"message\":\"")
        facts.message.write(into: &output)
        output.append("\",\"type\":\"")
        output.append(facts.kind.text)
        output.append(errorParam ? "\",\"param\":null,\"code\":\"" : "\",\"code\":\"")
        output.append(facts.code)
        output.append("\"}}")
    }
}

extension Facts.Message {
    /// Appends the sentence as the inside of a JSON string.
    func write(into output: inout ByteBuffer) {
        switch self {
        case .fixed(let text): output.append(text)
        case .bodyLimit(let bytes):
            output.append("Request body exceeds ")
            if bytes > 0, bytes % 1_048_576 == 0 {
                output.append(decimal: bytes / 1_048_576)
                output.append(" MB")
            } else if bytes > 0, bytes % 1_024 == 0 {
                output.append(decimal: bytes / 1_024)
                output.append(" KB")
            } else {
                output.append(decimal: bytes)
                output.append(bytes == 1 ? " byte" : " bytes")
            }
        case .route(let method, let path):
            output.append("Route ")
            output.append(jsonEscaped: method)
            output.append(" ")
            output.append(jsonEscaped: path)
            output.append(" not found")
        }
    }
}
