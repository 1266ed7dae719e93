import Crypto

/// The keys of a site, found by their digest.
///
/// An immutable open-addressing table on the first word of the digest: SHA-256 has already spread
/// it, so hashing it once more (as a Dictionary would) only costs time. A slot holds that word and
/// the record's place, 12 bytes, at most half of the slots are used, and the full digest is
/// compared in constant time.
public struct KeyTable: Sendable {
    /// Two records have one digest: the same key was listed twice.
    public struct Duplicate: Error, Equatable, Sendable {
        public let firstID: String
        public let secondID: String
    }

    public let records: [KeyRecord]
    private let words: [UInt64]
    /// The record's index plus one; 0 marks a free slot.
    private let places: [UInt32]
    private let mask: Int

    public init(_ records: [KeyRecord]) throws(Duplicate) {
        var slots = 8
        while slots < records.count * 2 { slots *= 2 }
        var words = [UInt64](repeating: 0, count: slots)
        var places = [UInt32](repeating: 0, count: slots)
        for (index, record) in records.enumerated() {
            let word = record.digest.firstWord
            var slot = Int(truncatingIfNeeded: word) & (slots - 1)
            while places[slot] != 0 {
                let other = records[Int(places[slot]) - 1]
                guard other.digest != record.digest else {
                    throw Duplicate(
                        firstID: other.principal.id, secondID: record.principal.id)
                }
                slot = (slot + 1) & (slots - 1)
            }
            words[slot] = word
            places[slot] = UInt32(index + 1)
        }
        self.records = records
        self.words = words
        self.places = places
        self.mask = slots - 1
    }

    public func find(_ digest: Digest) -> KeyRecord? {
        let word = digest.firstWord
        var slot = Int(truncatingIfNeeded: word) & mask
        while places[slot] != 0 {
            if words[slot] == word {
                let record = records[Int(places[slot]) - 1]
                if record.digest.constantTimeEquals(digest) { return record }
            }
            slot = (slot + 1) & mask
        }
        return nil
    }
}
