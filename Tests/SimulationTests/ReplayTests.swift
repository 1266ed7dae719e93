import Simulation
import Testing

/// More of them run in `make test`, in a release build.
@Suite("The simulation of the core") struct ReplayTests {
    @Test("whatever happens when, everything adds up", arguments: 0..<8)
    func schedules(part: UInt64) throws {
        for seed in (1 + part * 40)...(40 + part * 40) {
            let report = try Simulation.run(seed: seed)
            #expect(report.finding == nil, "seed \(seed), step \(report.step)")
        }
    }

    @Test("a seed tells the same story twice")
    func replay() throws {
        for seed in UInt64(1)...30 {
            let first = try Simulation.run(seed: seed)
            let second = try Simulation.run(seed: seed, isTold: true)
            #expect(first.hash == second.hash, "seed \(seed)")
            #expect(first.events > 0)
        }
    }

    @Test("seeds tell different stories")
    func variety() throws {
        let hashes = try (UInt64(1)...30).map { try Simulation.run(seed: $0).hash }
        #expect(Set(hashes).count == 30)
    }
}
