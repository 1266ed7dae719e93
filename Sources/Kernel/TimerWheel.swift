/// Deadlines of a worker, in slots of about 17 ms, at a cost independent of their number.
///
/// An entry names an owner by a token and is never taken out early: the owner keeps its true
/// deadline, arms an entry only when none stands at or before it, and decides when the entry comes
/// due. A deadline that is pushed back with every byte therefore costs a comparison, not a list
/// operation.
public struct TimerWheel {
    private struct Entry {
        var token: UInt64
        var due: UInt64
    }

    private static let shift: UInt64 = 24
    private static let slotCount = 1024

    private var slots: [[Entry]]
    /// One bit for each slot that holds entries.
    private var occupied: [UInt64]
    /// The tick up to which entries have been handed out.
    private var current: UInt64
    public private(set) var count = 0

    public init(at now: Instant) {
        slots = Array(repeating: [], count: Self.slotCount)
        occupied = Array(repeating: 0, count: Self.slotCount / 64)
        current = now.nanoseconds >> Self.shift
    }

    /// Hands `token` out at or soon after `due`.
    public mutating func arm(_ token: UInt64, at due: Instant) {
        insert(Entry(token: token, due: due.nanoseconds))
        count += 1
    }

    private mutating func insert(_ entry: Entry) {
        let ahead = (entry.due >> Self.shift) &+ 1
        // Farther than one turn of the wheel: looked at again when the wheel comes round.
        let tick = min(max(ahead, current + 1), current + UInt64(Self.slotCount) - 1)
        let slot = Int(tick % UInt64(Self.slotCount))
        slots[slot].append(entry)
        occupied[slot / 64] |= 1 << UInt64(slot % 64)
    }

    /// Appends the tokens that are due at `now` to `expired`.
    public mutating func expire(at now: Instant, into expired: inout [UInt64]) {
        let target = now.nanoseconds >> Self.shift
        guard target > current else { return }
        if count == 0 {
            current = target
            return
        }
        let last = min(target, current + UInt64(Self.slotCount))
        var kept: [Entry] = []
        var tick = current + 1
        while tick <= last {
            let slot = Int(tick % UInt64(Self.slotCount))
            if occupied[slot / 64] & (1 << UInt64(slot % 64)) != 0 {
                occupied[slot / 64] &= ~(1 << UInt64(slot % 64))
                for entry in slots[slot] {
                    if entry.due <= now.nanoseconds {
                        expired.append(entry.token)
                        count -= 1
                    } else {
                        kept.append(entry)
                    }
                }
                slots[slot].removeAll(keepingCapacity: slots[slot].count <= 64)
            }
            tick += 1
        }
        current = target
        for entry in kept { insert(entry) }
    }

    /// When `expire` should be called next, at the latest; nil when nothing is armed.
    public var nextDue: Instant? {
        guard count > 0 else { return nil }
        var tick = current + 1
        while tick < current + UInt64(Self.slotCount) {
            let slot = Int(tick % UInt64(Self.slotCount))
            let word = occupied[slot / 64] >> UInt64(slot % 64)
            if word != 0 {
                tick += UInt64(word.trailingZeroBitCount)
                return Instant(nanoseconds: tick << Self.shift)
            }
            tick += UInt64(64 - slot % 64)
        }
        return Instant(nanoseconds: (current + UInt64(Self.slotCount) - 1) << Self.shift)
    }
}
