import Chance
import Kernel
import Policies
import Testing

@Suite("The limit of a client address")
struct AddressLimitTests {
    private let noon = moment(2026, 11, 21, 12, 0, 10)

    private func limit(_ perMinute: Int, capacity: Int = 1_024) -> AddressLimit {
        AddressLimit(perMinute: perMinute, capacity: capacity, seed: 7)
    }

    @Test("admits exactly so many in a minute of the clock, and says when the next begins")
    func minute() {
        let limit = limit(3)
        let client = IPAddress(v4: 0xc000_0201)
        for _ in 0..<3 { #expect(limit.admit(client, at: noon) == .admitted) }
        #expect(limit.admit(client, at: noon) == .refused(retryAfterMilliseconds: 50_000))
        #expect(limit.admit(IPAddress(v4: 0xc000_0202), at: noon) == .admitted)
        let next = noon.later(milliseconds: 50_000)
        #expect(limit.admit(client, at: next) == .admitted)
    }

    @Test("counts an IPv6 network of 64 bits as one client")
    func network() {
        let limit = limit(1)
        #expect(limit.admit(IPAddress(high: 1, low: 1), at: noon) == .admitted)
        let again = limit.admit(IPAddress(high: 1, low: 2), at: noon)
        #expect(again == .refused(retryAfterMilliseconds: 50_000))
        #expect(limit.admit(IPAddress(high: 2, low: 1), at: noon) == .admitted)
    }

    @Test("keeps counting those it knows when it is full, and refuses none of the others")
    func full() {
        let limit = limit(2, capacity: 64)
        let known = IPAddress(v4: 1)
        #expect(limit.admit(known, at: noon) == .admitted)
        for bits in 2..<UInt32(5_000) {
            #expect(limit.admit(IPAddress(v4: bits), at: noon) == .admitted)
        }
        #expect(limit.admit(known, at: noon) == .admitted)
        #expect(limit.admit(known, at: noon) == .refused(retryAfterMilliseconds: 50_000))
    }

    @Test("is exact when threads race", arguments: [UInt64(11), 12])
    func race(seed: UInt64) throws {
        let limit = limit(500)
        let time = noon
        let admitted = Lock([Int](repeating: 0, count: 5))
        try inThreads(8) {
            var random = SeededRandom(seed: seed)
            for _ in 0..<4_000 {
                let client = random.below(5)
                guard limit.admit(IPAddress(v4: UInt32(client)), at: time) == .admitted else {
                    continue
                }
                admitted.withLock { $0[client] += 1 }
            }
        }
        let counts = admitted.withLock { $0 }
        #expect(counts == [500, 500, 500, 500, 500], "seed \(seed)")
    }
}
