import Kernel

/// The fields of one message, in order, as slices of one arena: no `String` and no dictionary.
///
/// Names are stored in lower case. A value is stored without the white space around it. It cannot be
/// copied; a `Head` owns it and is reused, so that a steady connection allocates nothing for its fields.
public struct Fields: ~Copyable {
    /// Positions are 32 bits wide to keep an entry in 20 bytes: the limits of the codecs hold a message's
    /// fields far below 2 GiB.
    struct Entry {
        var name: FieldName
        var nameStart: Int32
        var nameCount: Int32
        var valueStart: Int32
        var valueCount: Int32
    }

    private var arena = ByteBuffer()
    private var entries: [Entry] = []

    public init() {}

    public var count: Int { entries.count }

    /// The size that limits speak of: names, values and 32 bytes for each field (RFC 9113 section 6.5.2).
    public var listSize: Int { arena.count + entries.count * 32 }

    public mutating func removeAll() {
        arena.removeAll(keepingCapacity: 16_384)
        entries.removeAll(keepingCapacity: true)
    }

    /// Adds a field whose name is any bytes; the name is lower-cased and recognised here.
    public mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
        append(FieldName.recognise(name), name: name, value: value)
    }

    /// Adds a field whose name was recognised as `known` already.
    mutating func append(_ known: FieldName, name: Span<UInt8>, value: Span<UInt8>) {
        let nameStart = arena.count
        if known == .other {
            var index = 0
            arena.reserve(name.count)
            while index < name.count {
                arena.append(name[index].asciiLowercased)
                index += 1
            }
        } else {
            arena.append(known.text)
        }
        store(known, nameStart, name.count, value)
    }

    public mutating func append(_ name: FieldName, _ value: Span<UInt8>) {
        let nameStart = arena.count
        arena.append(name.text)
        store(name, nameStart, name.text.utf8CodeUnitCount, value)
    }

    public mutating func append(_ name: FieldName, _ value: StaticString) {
        let start = arena.count
        arena.append(name.text)
        finish(name, start, name.text.utf8CodeUnitCount) { $0.append(value) }
    }

    /// Adds a field whose value `write` produces straight into the arena.
    public mutating func append(_ name: FieldName, _ write: (inout ByteBuffer) -> Void) {
        let start = arena.count
        arena.append(name.text)
        finish(name, start, name.text.utf8CodeUnitCount, write)
    }

    /// Adds a field of a name that `FieldName` does not list; `name` must be in lower case.
    public mutating func append(_ name: StaticString, _ write: (inout ByteBuffer) -> Void) {
        let start = arena.count
        arena.append(name)
        finish(.other, start, name.utf8CodeUnitCount, write)
    }

    public mutating func append(_ name: StaticString, _ value: StaticString) {
        append(name) { $0.append(value) }
    }

    /// Adds field `index` of another message unchanged.
    public mutating func append(field index: Int, of other: borrowing Fields) {
        let entry = other.entries[index]
        let nameStart = arena.count
        arena.append(other.name(at: index))
        store(entry.name, nameStart, Int(entry.nameCount), other.value(at: index))
    }

    private mutating func store(
        _ name: FieldName, _ nameStart: Int, _ nameCount: Int, _ value: Span<UInt8>
    ) {
        let valueStart = arena.count
        arena.append(value)
        entries.append(
            Entry(
                name: name, nameStart: Int32(nameStart), nameCount: Int32(nameCount),
                valueStart: Int32(valueStart), valueCount: Int32(value.count)
            )
        )
    }

    private mutating func finish(
        _ name: FieldName, _ nameStart: Int, _ nameCount: Int, _ write: (inout ByteBuffer) -> Void
    ) {
        let valueStart = arena.count
        write(&arena)
        entries.append(
            Entry(
                name: name, nameStart: Int32(nameStart), nameCount: Int32(nameCount),
                valueStart: Int32(valueStart), valueCount: Int32(arena.count - valueStart)
            )
        )
    }

    /// Removes every field whose name is `name` in any case of letters. Its bytes stay in the arena (and in
    /// `listSize`) until `removeAll`.
    public mutating func remove(named name: Span<UInt8>) {
        var kept = 0
        var index = 0
        while index < entries.count {
            if !self.name(at: index).equalsIgnoringCase(name) {
                entries[kept] = entries[index]
                kept += 1
            }
            index += 1
        }
        entries.removeLast(entries.count - kept)
    }

    /// Removes every field of that name, which must not be `.other`.
    public mutating func remove(_ name: FieldName) {
        entries.removeAll { $0.name == name }
    }

    public func id(at index: Int) -> FieldName { entries[index].name }

    @_lifetime(borrow self)
    public func name(at index: Int) -> Span<UInt8> {
        let entry = entries[index]
        return arena.slice(Int(entry.nameStart)..<Int(entry.nameStart + entry.nameCount))
    }

    @_lifetime(borrow self)
    public func value(at index: Int) -> Span<UInt8> {
        let entry = entries[index]
        return arena.slice(Int(entry.valueStart)..<Int(entry.valueStart + entry.valueCount))
    }

    /// The index of the first field of that name at or behind `start`.
    public func index(of name: FieldName, from start: Int = 0) -> Int? {
        var index = start
        while index < entries.count {
            if entries[index].name == name { return index }
            index += 1
        }
        return nil
    }

    /// The first field whose name, in lower case, is `name`.
    public func index(of name: Span<UInt8>) -> Int? {
        var index = 0
        while index < entries.count {
            if self.name(at: index).equals(name) { return index }
            index += 1
        }
        return nil
    }

    public func contains(_ name: FieldName) -> Bool { index(of: name) != nil }

    /// The value of the first field of that name.
    @_lifetime(borrow self)
    public func first(_ name: FieldName) -> Span<UInt8>? {
        guard let index = index(of: name) else { return nil }
        return value(at: index)
    }

    /// The value of the first field of that name as a `String`, for logs, errors and tests.
    public func text(_ name: FieldName) -> String? {
        guard let index = index(of: name) else { return nil }
        return value(at: index).text
    }
}
