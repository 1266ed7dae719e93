import Chance
import Kernel
import Testing

@testable import Policies

@Suite("The connections of a client address") struct AddressConnectionsTests {
    /// Places, which cannot stand in an array by themselves.
    private final class Holder {
        var place: ConnectionPlace?
        init(_ place: consuming ConnectionPlace?) { self.place = place }
        var holds: Bool { place != nil }
    }

    @Test("are no more than its bound, and a place that is left is free again")
    func bound() {
        let counts = AddressConnections()
        let client = IPAddress(v4: 0xc000_0201)
        var held = (0..<3).map { _ in Holder(counts.enter(client, atMost: 3)) }
        #expect(held.allSatisfy { $0.holds })
        #expect(!Holder(counts.enter(client, atMost: 3)).holds)
        #expect(Holder(counts.enter(IPAddress(v4: 0xc000_0202), atMost: 3)).holds)
        held.removeLast()
        held.append(Holder(counts.enter(client, atMost: 3)))
        #expect(held.allSatisfy { $0.holds })
        held = []
        #expect(counts.addressCount == 0)
    }

    @Test("of an IPv6 network of 64 bits are those of one client, and never those of an IPv4 one")
    func network() {
        let counts = AddressConnections()
        let first = Holder(counts.enter(IPAddress(high: 1, low: 1), atMost: 1))
        #expect(first.holds)
        #expect(!Holder(counts.enter(IPAddress(high: 1, low: 2), atMost: 1)).holds)
        #expect(Holder(counts.enter(IPAddress(high: 2, low: 1), atMost: 1)).holds)
        let v4 = IPAddress(v4: 1)
        let alike = Holder(counts.enter(IPAddress(high: v4.low, low: 0), atMost: 1))
        #expect(alike.holds)
        #expect(Holder(counts.enter(v4, atMost: 1)).holds)
    }

    @Test("are counted exactly when threads race", arguments: [UInt64(3), 4])
    func race(seed: UInt64) throws {
        let counts = AddressConnections()
        let open = Lock([Int](repeating: 0, count: 4))
        let excess = Lock(0)
        try inThreads(6) {
            var random = SeededRandom(seed: seed)
            var held: [(Int, Holder)] = []
            /// Told before the place is free, so that nobody can be counted beyond the bound.
            func leave() {
                let left = held[0].0
                open.withLock { $0[left] -= 1 }
                held.removeFirst()
            }
            for _ in 0..<4_000 {
                let client = random.below(4)
                if random.below(2) == 0, !held.isEmpty {
                    leave()
                    continue
                }
                let holder = Holder(
                    counts.enter(IPAddress(v4: UInt32(client)), atMost: 20))
                guard holder.holds else { continue }
                let now = open.withLock { open in
                    open[client] += 1
                    return open[client]
                }
                if now > 20 { excess.withLock { $0 += 1 } }
                held.append((client, holder))
            }
            while !held.isEmpty { leave() }
        }
        #expect(excess.withLock { $0 } == 0, "seed \(seed)")
        #expect(counts.addressCount == 0, "seed \(seed)")
    }
}
