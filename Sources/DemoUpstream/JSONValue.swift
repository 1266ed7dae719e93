/// A JSON document as a tree (RFC 8259).
///
/// The gateway itself never builds one; the demo upstream reads prompts, inputs and options from
/// it.
enum JSONValue: Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    struct Member: Equatable {
        var name: String
        var value: JSONValue
    }

    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    var array: [JSONValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    /// A whole number between 0 and 2³¹.
    var count: Int? {
        guard case .number(let value) = self, value >= 0, value < 2_147_483_648 else { return nil }
        return Int(exactly: value)
    }

    var isObject: Bool {
        if case .object = self { true } else { false }
    }
}
