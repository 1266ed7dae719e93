import Kernel

/// Places of names, found by one probe of an immutable open-addressing table. Host names, slugs and
/// ids come from the operator; what clients ask for is only looked up, so nobody who asks can make
/// the table's chains long.
public struct NameTable: Sendable {
    private let names: [[UInt8]]
    /// The name's index plus one; 0 marks a free slot.
    private let places: [UInt32]
    private let ignoresCase: Bool

    /// Of two equal names the first one counts.
    public init(_ names: [[UInt8]], ignoringCase: Bool = false) {
        var slots = 8
        while slots < names.count * 2 { slots *= 2 }
        var places = [UInt32](repeating: 0, count: slots)
        for (index, name) in names.enumerated() {
            var slot = Int(truncatingIfNeeded: Self.hash(name.span)) & (slots - 1)
            while places[slot] != 0 { slot = (slot + 1) & (slots - 1) }
            places[slot] = UInt32(index + 1)
        }
        self.names = names
        self.places = places
        ignoresCase = ignoringCase
    }

    /// Which of the names `name` is.
    public func find(_ name: Span<UInt8>) -> Int? {
        let mask = places.count - 1
        var slot = Int(truncatingIfNeeded: Self.hash(name)) & mask
        while places[slot] != 0 {
            let index = Int(places[slot]) - 1
            if matches(names[index], name) { return index }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private func matches(_ known: [UInt8], _ name: Span<UInt8>) -> Bool {
        ignoresCase ? name.equalsIgnoringCase(known.span) : name.equals(known.span)
    }

    /// FNV-1a over the letters in lower case, so that one function serves both kinds of table.
    private static func hash(_ name: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var index = 0
        while index < name.count {
            hash = (hash ^ UInt64(name[index].asciiLowercased)) &* 0x100_0000_01b3
            index += 1
        }
        return hash ^ hash >> 32
    }
}
