import Testing

@testable import Kernel

@Suite("What a burst left behind")
struct MemoryReturnTests {
    @Test("goes back when it has stayed free")
    func returns() throws {
        var memory = MemoryReturn()
        var time = Instant(nanoseconds: 1)
        var blocks: [[UInt8]] = []
        // Every other block stays, so that no page is at the top of the heap, and half of them go.
        for _ in 0..<16_384 { blocks.append([UInt8](repeating: 1, count: 16_000)) }
        memory.look(at: time)
        let taken = try #require(ProcessUsage.now().residentBytes)
        for index in blocks.indices where index % 2 == 0 { blocks[index] = [] }
        for _ in 0..<2 {
            // So long after the last look that the process cannot have been busy.
            time = time.advanced(milliseconds: 10_000_000)
            memory.look(at: time)
        }
        let left = try #require(ProcessUsage.now().residentBytes)
        #expect(left < taken - 50_000_000, "\(taken) bytes before, \(left) after")
        #expect(blocks.count == 16_384)
    }
}
