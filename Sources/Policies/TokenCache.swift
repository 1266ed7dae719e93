import Crypto
import Kernel

/// Tokens that were verified, by their digest, until they expire or the keys change.
///
/// A digest leads to one row of four slots, in which alone it is looked for and for which alone its
/// fellows compete. So finding, keeping and evicting take the same few steps whatever comes, and
/// the memory is bounded. Only who has a verified token gets anything in, so tokens that somebody
/// made up cost the cache nothing.
///
/// `Meaning` is what a token stands for.
public struct TokenCache<Meaning: Sendable> {
    private static var width: Int { 4 }

    private struct Slot {
        let digest: Digest
        let meaning: Meaning
        /// The first moment at which the token is refused.
        let end: UnixTime
        let version: UInt64
        var isUsed = false
    }

    /// The most tokens it holds: a power of two, so mostly fewer than it was made for.
    public let bound: Int
    /// How many tokens are held, those included that have expired since.
    public private(set) var count = 0
    private var slots: [Slot?] = []

    /// `bound` below 4: nothing is kept.
    public init(bound: Int) {
        var size = 0
        if bound >= Self.width {
            size = 1 << (Int.bitWidth - 1 - bound.leadingZeroBitCount)
        }
        self.bound = size
    }

    /// What the token of that digest stands for, if keys of that version verified it and it has not
    /// expired.
    public mutating func find(
        _ digest: Digest, version: UInt64, now: UnixTime
    ) -> Meaning? {
        guard !slots.isEmpty else { return nil }
        let row = row(of: digest)
        for place in row..<row + Self.width {
            guard let slot = slots[place], slot.digest == digest else { continue }
            guard Self.isGood(slot, version, now) else {
                slots[place] = nil
                count -= 1
                return nil
            }
            if !slot.isUsed { slots[place]?.isUsed = true }
            return slot.meaning
        }
        return nil
    }

    /// Keeps what keys of that version have verified. Of a full row goes what is no longer good,
    /// else what was not asked for since the row was last full.
    public mutating func insert(
        _ digest: Digest, _ meaning: Meaning, until end: UnixTime, version: UInt64, now: UnixTime
    ) {
        guard bound > 0 else { return }
        if slots.isEmpty { slots = Array(repeating: nil, count: bound) }
        let row = row(of: digest)
        let place = vacancy(row..<row + Self.width, digest, version, now)
        if slots[place] == nil { count += 1 }
        slots[place] = Slot(digest: digest, meaning: meaning, end: end, version: version)
    }

    private mutating func vacancy(
        _ row: Range<Int>, _ digest: Digest, _ version: UInt64, _ now: UnixTime
    ) -> Int {
        for place in row where slots[place]?.digest == digest { return place }
        for place in row {
            guard let slot = slots[place], Self.isGood(slot, version, now) else { return place }
        }
        for place in row where slots[place]?.isUsed == false { return place }
        for place in row { slots[place]?.isUsed = false }
        return row.lowerBound
    }

    private static func isGood(_ slot: Slot, _ version: UInt64, _ now: UnixTime) -> Bool {
        slot.version == version && now < slot.end
    }

    private func row(of digest: Digest) -> Int {
        Int(truncatingIfNeeded: digest.firstWord) & (bound - 1) & ~(Self.width - 1)
    }
}
