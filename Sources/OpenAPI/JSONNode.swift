import Kernel

/// A piece of the document. Members keep their order, so that one configuration always renders to
/// the same bytes.
indirect enum JSONNode: Sendable {
    case object([(name: String, value: JSONNode)])
    case array([JSONNode])
    case string(String)
    case number(Int)
    case bool(Bool)
    /// JSON that somebody else has written.
    case written([UInt8])

    /// An object of the members that are there.
    static func members(_ members: KeyValuePairs<String, JSONNode?>) -> JSONNode {
        .object(members.compactMap { name, value in value.map { (name, $0) } })
    }

    static func reference(_ kind: String, _ name: String) -> JSONNode {
        ["$ref": .string("#/components/\(kind)/\(name)")]
    }

    func write(into output: inout ByteBuffer) {
        switch self {
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.write(member.name, into: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(into: &output)
            }
            output.append(UInt8(ascii: "}"))
        case .array(let items):
            output.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                item.write(into: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .string(let text): Self.write(text, into: &output)
        case .number(let number): output.append(decimal: number)
        case .bool(let value): output.append(value ? "true" : "false")
        case .written(let bytes): output.append(bytes)
        }
    }

    private static func write(_ text: String, into output: inout ByteBuffer) {
        output.append(UInt8(ascii: "\""))
        output.append(jsonEscaped: text)
        output.append(UInt8(ascii: "\""))
    }
}

extension JSONNode: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
    ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral
{
    init(dictionaryLiteral members: (String, JSONNode)...) {
        self = .object(members.map { (name: $0.0, value: $0.1) })
    }
    init(arrayLiteral items: JSONNode...) { self = .array(items) }
    init(stringLiteral text: String) { self = .string(text) }
    init(integerLiteral number: Int) { self = .number(number) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
}
