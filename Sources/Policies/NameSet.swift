import HTTP
import Kernel

/// A set of field names: a bit for each name the program knows, bytes for the others, and beginnings.
struct NameSet: Sendable {
    private var known: UInt128 = 0
    private var others: [[UInt8]] = []
    private var prefixes: [[UInt8]] = []

    /// `names` in any case; one that ends in `*` stands for everything that begins so.
    init(_ names: [String]) {
        for name in names {
            let text = name.utf8.map(\.asciiLowercased)
            if text.last == UInt8(ascii: "*") {
                insert(prefix: Array(text.dropLast()))
            } else {
                insert(text)
            }
        }
    }

    init(_ names: [FieldName]) {
        for name in names { insert(name) }
    }

    func union(_ other: NameSet) -> NameSet {
        var sum = self
        sum.known |= other.known
        sum.others += other.others
        sum.prefixes += other.prefixes
        return sum
    }

    func contains(_ id: FieldName) -> Bool { known & Self.bit(id) != 0 }

    /// Whether field `index` of `fields` has one of the names.
    func contains(_ fields: borrowing Fields, at index: Int) -> Bool {
        let id = fields.id(at: index)
        if id != .other { return contains(id) }
        return containsOther(fields.name(at: index))
    }

    private func containsOther(_ name: Span<UInt8>) -> Bool {
        for other in others where name.equals(other.span) { return true }
        for prefix in prefixes where name.starts(with: prefix.span) { return true }
        return false
    }

    private mutating func insert(_ name: FieldName) { known |= Self.bit(name) }

    private mutating func insert(_ text: [UInt8]) {
        let id = FieldName.recognise(text.span)
        if id == .other { others.append(text) } else { insert(id) }
    }

    private mutating func insert(prefix: [UInt8]) {
        prefixes.append(prefix)
        for name in FieldName.allCases where name != .other {
            if Array(name.text.description.utf8).starts(with: prefix) { insert(name) }
        }
    }

    private static func bit(_ name: FieldName) -> UInt128 { 1 << UInt128(name.rawValue) }
}
