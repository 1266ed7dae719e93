import Kernel

/// The fields of one message, in order, as slices of one arena: no `String` and no dictionary.
///
/// Names are stored in lower case. A value is stored without the white space around it. It cannot
/// be copied; a `Head` owns it and is reused, so that a steady connection allocates nothing for its
/// fields.
///
/// The arena holds each field as HTTP/1.1 writes it, `name: value\r\n`, so a run of fields is
/// written by one copy.
public struct Fields: ~Copyable, Sendable {
    /// Positions are 32 bits wide to keep an entry small: the limits of the codecs hold a message's
    /// fields far below 2 GiB.
    struct Entry {
        var name: FieldName
        var nameStart: Int32
        var nameCount: Int32
        var valueCount: Int32

        var start: Int { Int(nameStart) }
        var valueStart: Int { Int(nameStart) + Int(nameCount) + 2 }
        var valueEnd: Int { valueStart + Int(valueCount) }
        /// Behind the line end.
        var end: Int { valueEnd + 2 }
    }

    var arena = ByteBuffer()
    var entries: [Entry] = []
    /// The bits of the names that were added since `removeAll`: most questions are for names that
    /// are not there, and end here.
    private var seen: UInt64 = 0

    /// Whether every field can be written as one line of HTTP/1.1 that no reader takes for two. The
    /// codecs refuse such fields where they parse them; this is the net below.
    private(set) var areWritable = true

    public init() {}

    public var count: Int { entries.count }

    /// The size that limits speak of: names, values and 32 bytes for each field (RFC 9113 section
    /// 6.5.2).
    public var listSize: Int { arena.count + entries.count * 28 }

    public mutating func removeAll() {
        arena.removeAll(keepingCapacity: 4_096)
        entries.removeAll(keepingCapacity: true)
        seen = 0
        areWritable = true
    }

    /// Adds a field whose name is any bytes; the name is lower-cased and recognised here.
    public mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
        if !name.isNameContent || !value.isFieldContent { areWritable = false }
        append(FieldName.recognise(name), name: name, value: value)
    }

    /// Adds a field that was checked, with a name that was recognised as `known`.
    mutating func append(_ known: FieldName, name: Span<UInt8>, value: Span<UInt8>) {
        let start = arena.count
        arena.append(lowercased: name, value: value)
        store(known, start, name.count, value.count)
    }

    public mutating func append(_ name: FieldName, _ value: Span<UInt8>) {
        if !value.isFieldContent { areWritable = false }
        append(name) { $0.append(value) }
    }

    /// Adds a field of a name that `FieldName` does not list; `name` must be in lower case.
    public mutating func append(_ name: StaticString, _ value: Span<UInt8>) {
        if !value.isFieldContent { areWritable = false }
        append(name) { $0.append(value) }
    }

    public mutating func append(_ name: FieldName, _ value: StaticString) {
        append(name) { $0.append(value) }
    }

    /// Adds a field whose value `write` produces straight into the arena: digits, ids, text of the
    /// program's own. What somebody else wrote goes through the methods that look at it.
    @inline(__always)
    public mutating func append(_ name: FieldName, _ write: (inout ByteBuffer) -> Void) {
        append(name, name.text, write)
    }

    /// Adds a field of a name that `FieldName` does not list; `name` must be in lower case.
    @inline(__always)
    public mutating func append(_ name: StaticString, _ write: (inout ByteBuffer) -> Void) {
        append(.other, name, write)
    }

    public mutating func append(_ name: StaticString, _ value: StaticString) {
        append(name) { $0.append(value) }
    }

    @inline(__always)
    private mutating func append(
        _ name: FieldName, _ text: StaticString, _ write: (inout ByteBuffer) -> Void
    ) {
        let start = arena.count
        arena.append(text)
        arena.append(0x3a, 0x20)
        let valueStart = arena.count
        write(&arena)
        let valueCount = arena.count - valueStart
        arena.append(0x0d, 0x0a)
        store(name, start, text.utf8CodeUnitCount, valueCount)
    }

    /// Adds field `index` of another message unchanged.
    public mutating func append(field index: Int, of other: borrowing Fields) {
        let entry = other.entries[index]
        let start = arena.count
        arena.append(other.arena.slice(entry.start..<entry.end))
        if !other.areWritable { areWritable = false }
        store(entry.name, start, Int(entry.nameCount), Int(entry.valueCount))
    }

    /// Adds every field of another message unchanged.
    public mutating func append(_ other: borrowing Fields) {
        var index = 0
        while index < other.count {
            append(field: index, of: other)
            index += 1
        }
    }

    private mutating func store(
        _ name: FieldName, _ start: Int, _ nameCount: Int, _ valueCount: Int
    ) {
        seen |= name.bit
        entries.append(
            Entry(
                name: name, nameStart: Int32(start), nameCount: Int32(nameCount),
                valueCount: Int32(valueCount)
            )
        )
    }

    /// Removes every field whose name is `name` in any case of letters. Its bytes stay in the arena
    /// (and in `listSize`) until `removeAll`.
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
        return arena.slice(entry.start..<entry.start + Int(entry.nameCount))
    }

    @_lifetime(borrow self)
    public func value(at index: Int) -> Span<UInt8> {
        let entry = entries[index]
        return arena.slice(entry.valueStart..<entry.valueEnd)
    }

    /// The index of the first field of that name at or behind `start`.
    public func index(of name: FieldName, from start: Int = 0) -> Int? {
        guard seen & name.bit != 0 else { return nil }
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

extension FieldName {
    /// One of 64, shared by few.
    fileprivate var bit: UInt64 { 1 &<< UInt64(rawValue) }
}
