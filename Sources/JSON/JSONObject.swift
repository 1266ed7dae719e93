import Kernel

/// The members of one object, each name once, over the text they stand in. For small documents in
/// which every member counts, such as a token's claims.
public struct JSONObject: ~Escapable {
    private var members: [(name: [UInt8], item: JSONItem)] = []
    private let text: Span<UInt8>

    @_lifetime(copy text)
    fileprivate init(_ text: Span<UInt8>) { self.text = text }

    /// How many members there are.
    public var count: Int { members.count }

    public subscript(_ name: StaticString) -> JSONItem? {
        for member in members where member.name.span.equals(name) { return member.item }
        return nil
    }

    public subscript(_ name: [UInt8]) -> JSONItem? {
        for member in members where member.name == name { return member.item }
        return nil
    }

    /// What the string of that name stands for; nil when there is none, or something else.
    public func string(_ name: StaticString) -> [UInt8]? { string(self[name]) }

    public func string(_ name: [UInt8]) -> [UInt8]? { string(self[name]) }

    private func string(_ item: JSONItem?) -> [UInt8]? {
        guard let item else { return nil }
        return JSONText.string(item.value, of: text)
    }

    @_lifetime(self: copy self)
    fileprivate mutating func insert(_ item: JSONItem, named name: Range<Int>) -> Bool {
        let name = JSONText.unescaped(text.extracting(name))
        guard self[name] == nil else { return false }
        members.append((name, item))
        return true
    }
}

extension JSONReader {
    /// The members of `item`, which is an object of the document that is open. More than `limit` of
    /// them, and any other value, are `.invalid`; a name that occurs twice, however it is escaped,
    /// is `.duplicateMember`. Each name is compared with all before it, so `limit` is small.
    @_lifetime(copy text)
    public func object(
        _ item: JSONItem, of text: Span<UInt8>, atMost limit: Int
    ) throws(JSONFault) -> JSONObject {
        guard item.value.kind == .object else { throw .invalid }
        var object = JSONObject(text)
        var next = first(in: item, of: text)
        while let member = next, let name = member.name {
            guard object.count < limit else { throw .invalid }
            guard object.insert(member, named: name) else { throw .duplicateMember }
            next = self.next(after: member, of: text)
        }
        return object
    }

    /// What the strings of a list stand for; nil for another value and for a list of other things.
    public func strings(in list: JSONItem, of text: Span<UInt8>) -> [[UInt8]]? {
        guard list.value.kind == .array else { return nil }
        var strings: [[UInt8]] = []
        var next = first(in: list, of: text)
        while let item = next {
            guard let string = JSONText.string(item.value, of: text) else { return nil }
            strings.append(string)
            next = self.next(after: item, of: text)
        }
        return strings
    }
}

extension JSONText {
    /// What the string `value` of `text` stands for; nil when it is none.
    public static func string(_ value: JSONValue, of text: Span<UInt8>) -> [UInt8]? {
        guard value.kind == .string else { return nil }
        return unescaped(text.extracting(value.range.lowerBound + 1..<value.range.upperBound - 1))
    }

    fileprivate static func unescaped(_ inside: Span<UInt8>) -> [UInt8] {
        guard inside.firstIndex(of: UInt8(ascii: "\\")) != nil else { return inside.array }
        var text = ByteBuffer(capacity: inside.count)
        unescape(inside, into: &text)
        return text.bytes.array
    }
}
