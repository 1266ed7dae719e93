import Kernel
import Testing

@Suite("Signals") struct SignalTests {
    @Test("a peer that is gone and a file at its limit do not end the process")
    func ignored() throws {
        // On a thread of its own: what is blocked is blocked for the thread that asks.
        try Thread.spawn(name: "signals") { Signal.blockAll() }.join()
        let status = try FileContents.read("/proc/self/status", limit: 65_536).text
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") })
        let mask = try #require(UInt64(line.split(separator: "\t")[1], radix: 16))
        for (name, number) in [("SIGPIPE", 13), ("SIGXFSZ", 25)] {
            #expect(mask & 1 << UInt64(number - 1) != 0, "\(name)")
        }
    }
}
