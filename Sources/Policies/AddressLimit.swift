import Kernel

/// How many requests one client address may make in a minute of the wall clock, whatever
/// credential it shows: the first of all checks, so that guessing keys is bounded before anything
/// is hashed.
///
/// An IPv6 client owns a network of 64 bits and counts as one. The table has a fixed size and is
/// emptied with every minute; an address that finds it full is not counted, because refusing it
/// would let whoever fills the table lock everybody else out.
public final class AddressLimit: Sendable {
    /// What a request may do.
    public enum Decision: Equatable, Sendable {
        case admitted
        case refused(retryAfterMilliseconds: Int)
    }

    /// Counters of a part of all addresses, so that workers rarely meet at one lock.
    private struct Shard: Sendable {
        var minute = WallWindow()
        var addresses: [UInt64]
        /// 0 marks a free slot.
        var counts: [UInt32]
        var used = 0

        init(slots: Int) {
            addresses = [UInt64](repeating: 0, count: slots)
            counts = [UInt32](repeating: 0, count: slots)
        }
    }

    private static let shardCount = 16

    public let perMinute: Int
    private let seed: UInt64
    private let slots: Int
    private let shards: [ShardBox]

    private final class ShardBox: Sendable {
        let state: Lock<Shard>
        init(slots: Int) { state = Lock(Shard(slots: slots)) }
    }

    /// - `capacity`: addresses that are counted at once; 24 bytes each.
    /// - `seed`: random, so that nobody can choose addresses that meet in one place.
    public init(perMinute: Int, capacity: Int, seed: UInt64) {
        self.perMinute = perMinute
        self.seed = seed
        var slots = 16
        while slots * Self.shardCount < capacity * 2 { slots *= 2 }
        self.slots = slots
        shards = (0..<Self.shardCount).map { [slots] _ in ShardBox(slots: slots) }
    }

    /// Counts one request of `address` if it is admitted.
    public func admit(_ address: IPAddress, at moment: Moment) -> Decision {
        let network = address.isV4 ? address.low : address.high
        let hash = mix(network)
        let shard = shards[Int(truncatingIfNeeded: hash >> 60)]
        let first = Int(truncatingIfNeeded: hash)
        return shard.state.withLock { shard in
            shard.minute.roll(.minute, to: moment)
            if shard.minute.count == 0 { clear(&shard) }
            guard let slot = place(of: network, first, &shard) else { return .admitted }
            guard shard.counts[slot] < UInt32(clamping: perMinute) else {
                return .refused(
                    retryAfterMilliseconds: shard.minute.millisecondsLeft(at: moment))
            }
            shard.counts[slot] += 1
            shard.minute.add()
            return .admitted
        }
    }

    private func clear(_ shard: inout Shard) {
        guard shard.used > 0 else { return }
        for index in shard.counts.indices { shard.counts[index] = 0 }
        shard.used = 0
    }

    /// Where that network is counted; nil: the shard is full.
    private func place(of network: UInt64, _ first: Int, _ shard: inout Shard) -> Int? {
        let mask = slots - 1
        var slot = first & mask
        while shard.counts[slot] != 0 {
            if shard.addresses[slot] == network { return slot }
            slot = (slot + 1) & mask
        }
        guard shard.used < slots / 2 else { return nil }
        shard.used += 1
        shard.addresses[slot] = network
        return slot
    }

    /// The finalizer of MurmurHash3: every bit of the input reaches every bit of the result.
    private func mix(_ network: UInt64) -> UInt64 {
        var hash = network ^ seed
        hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ hash >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ hash >> 33
    }
}
