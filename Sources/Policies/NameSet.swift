import HTTP
import Kernel

/// A set of field names: a bit for each name the program knows, bytes for the others, and
/// beginnings.
///
/// Most names of a message are in no set: a mask of what the members look like says so at once.
struct NameSet: Sendable {
    private var known: UInt128 = 0
    private var others: [[UInt8]] = []
    private var prefixes: [[UInt8]] = []
    private var otherMask: UInt64 = 0
    private var prefixMask: UInt64 = 0

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
        sum.otherMask |= other.otherMask
        sum.prefixMask |= other.prefixMask
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
        guard !name.isEmpty else { return false }
        if otherMask & Self.look(name) != 0 {
            for other in others where name.equals(other.span) { return true }
        }
        if prefixMask & Self.beginning(name) != 0 {
            for prefix in prefixes where name.starts(with: prefix.span) { return true }
        }
        return false
    }

    private mutating func insert(_ name: FieldName) { known |= Self.bit(name) }

    private mutating func insert(_ text: [UInt8]) {
        let id = FieldName.recognise(text.span)
        if id != .other { return insert(id) }
        guard !text.isEmpty else { return }
        others.append(text)
        otherMask |= Self.look(text.span)
    }

    private mutating func insert(prefix: [UInt8]) {
        prefixes.append(prefix)
        prefixMask |= prefix.isEmpty ? .max : Self.beginning(prefix.span)
        for name in FieldName.allCases where name != .other {
            if Array(name.text.description.utf8).starts(with: prefix) { insert(name) }
        }
    }

    /// One of 64 bits for the length, the first and the last letter.
    private static func look(_ name: Span<UInt8>) -> UInt64 {
        let mix = name.count &* 11 &+ Int(name[0]) &* 3 &+ Int(name[name.count - 1]) &* 7
        return 1 << UInt64(mix & 63)
    }

    private static func beginning(_ name: Span<UInt8>) -> UInt64 { 1 << UInt64(name[0] & 63) }

    private static func bit(_ name: FieldName) -> UInt128 { 1 << UInt128(name.rawValue) }
}
