import Errors

extension Dialect {
    /// The schema of the object in the envelope.
    var errorSchema: JSONNode {
        switch self {
        case .openAI(let errorParam):
            .members([
                "type": "object",
                "required": errorParam
                    ? ["message", "type", "param", "code"] : ["message", "type", "code"],
                "additionalProperties": false,
                "properties": .members([
                    "message": ["type": "string"],
                    "type": ["enum": .array(Self.types.map { .string($0) })],
                    "param": errorParam ? ["type": ["string", "null"]] : nil,
                    "code": ["type": "string"],
                ]),
            ])
        }
    }

    private static let types = unique(GatewayError.examples.map(\.facts.kind.text.description))
}
