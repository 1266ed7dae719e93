import Crypto
import Testing

@Suite("Randomness")
struct RandomTests {
    @Test("fills every byte of a span and of an array")
    func fill() {
        // A byte that is never written stays zero in all 64 draws; by chance: 4096 × 2⁻⁵¹².
        var seen = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<64 {
            let bytes = SecureRandom.bytes(4096)
            #expect(bytes.count == 4096)
            for index in seen.indices { seen[index] |= bytes[index] }
        }
        #expect(seen.allSatisfy { $0 != 0 })
        #expect(SecureRandom.bytes(0).isEmpty)
    }

    @Test("gives no number twice, across many refills and two sources")
    func numbers() {
        let sources = [RandomSource(), RandomSource()]
        var seen = Set<UInt64>()
        for _ in 0..<5_000 {
            for source in sources { seen.insert(source.next()) }
        }
        // Two equal among ten thousand: 3 × 10⁻¹².
        #expect(seen.count == 10_000)
    }
}
