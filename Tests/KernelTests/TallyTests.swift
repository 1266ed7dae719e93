import Kernel
import Testing

@Suite("Numbers that one thread counts and others read")
struct TallyTests {
    @Test("start at 0, are counted and set")
    func counting() {
        let tally = Tally(count: 3)
        tally.add(2, at: 1)
        tally.add(3, at: 1)
        tally.set(9, at: 2)
        #expect((0..<3).map { tally[$0] } == [0, 5, 9])
    }

    @Test("never go back while another thread reads them")
    func reading() throws {
        let tally = Tally(count: 1)
        let total: UInt64 = 200_000
        let writer = try Thread.spawn(name: "writer") {
            for _ in 0..<total { tally.add(1, at: 0) }
        }
        var last: UInt64 = 0
        while last < total {
            let seen = tally[0]
            #expect(seen >= last)
            last = seen
        }
        writer.join()
        #expect(tally[0] == total)
    }

    @Test("what the process takes is told")
    func usage() {
        let usage = ProcessUsage.now()
        #expect((usage.openDescriptors ?? 0) > 2)
        #expect((usage.descriptorLimit ?? 0) >= usage.openDescriptors ?? 0)
        #expect((usage.residentBytes ?? 0) > 100_000)
        #expect((usage.virtualBytes ?? 0) >= usage.residentBytes ?? 0)
        #expect(usage.processorNanoseconds > 0)
    }

    @Test("a word is found wherever it stands")
    func words() {
        for length in 0..<90 {
            for place in 0..<90 where place + 7 <= length {
                var bytes = [UInt8](repeating: UInt8(ascii: "\""), count: length)
                for (index, byte) in "\"usage\"".utf8.enumerated() { bytes[place + index] = byte }
                #expect(bytes.span.firstIndex(of: "\"usage\"") == place)
                #expect(bytes.span.firstIndex(of: "\"usage\"", from: place) == place)
                #expect(bytes.span.firstIndex(of: "\"usage\"", from: place + 1) == nil)
                bytes[place + 3] = 0
                #expect(bytes.span.firstIndex(of: "\"usage\"") == nil)
            }
        }
    }
}
