import Errors

/// The schema of each dialect's envelope, and what a code does to it.
extension Dialect {
    var envelopeSchema: JSONNode {
        switch self {
        case .openAI(let errorParam):
            Self.envelope(
                of: .members([
                    "type": "object",
                    "required": errorParam
                        ? ["message", "type", "param", "code"] : ["message", "type", "code"],
                    "additionalProperties": false,
                    "properties": .members([
                        "message": Self.text,
                        "type": ["enum": .array(Self.types.map { .string($0) })],
                        "param": errorParam ? ["type": ["string", "null"]] : nil,
                        "code": Self.text,
                    ]),
                ]))
        case .behestAdmin:
            Self.envelope(
                of: Self.text, beside: ["code": Self.text, "retryable": ["type": "boolean"]])
        case .behestEdge:
            Self.envelope(of: Self.text, beside: ["message": Self.text])
        case .behestData:
            Self.envelope(
                of: [
                    "type": "object", "required": ["message"], "additionalProperties": false,
                    "properties": [
                        "code": Self.text, "message": Self.text, "details": ["type": "object"],
                    ],
                ])
        case .oneCLI: Self.envelope(of: Self.text)
        case .oneCLIObject:
            Self.envelope(
                of: [
                    "anyOf": [
                        Self.text,
                        [
                            "type": "object", "required": ["message", "type"],
                            "additionalProperties": false,
                            "properties": ["message": Self.text, "type": Self.text],
                        ],
                    ]
                ])
        case .oneCLIGateway:
            Self.envelope(
                of: Self.text,
                beside: [
                    "message": Self.text, "limit": ["type": "integer"], "window": Self.text,
                ])
        case .devSphere: Self.envelope(of: Self.text, beside: ["need": Self.text])
        }
    }

    /// What holds of an envelope that has one of `codes`; nil where they do not stand in it.
    func restriction(to codes: [String]) -> JSONNode? {
        let choice: JSONNode = ["enum": .array(codes.map { .string($0) })]
        return switch self {
        case .openAI, .behestData: ["properties": ["error": ["properties": ["code": choice]]]]
        case .behestEdge, .oneCLIGateway, .devSphere: ["properties": ["error": choice]]
        case .behestAdmin: ["properties": ["code": choice]]
        case .oneCLIObject: ["properties": ["error": ["properties": ["type": choice]]]]
        case .oneCLI: nil
        }
    }

    private static func envelope(of error: JSONNode, beside members: JSONNode? = nil) -> JSONNode {
        var properties: [(name: String, value: JSONNode)] = [("error", error)]
        if case .object(let others) = members { properties += others }
        return [
            "type": "object", "required": ["error"], "additionalProperties": false,
            "properties": .object(properties),
        ]
    }

    private static var text: JSONNode { ["type": "string"] }
    private static let types = [
        "invalid_request_error", "rate_limit_error", "insufficient_quota", "server_error",
    ]
}
