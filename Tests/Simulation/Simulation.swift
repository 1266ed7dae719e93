/// The simulation of the gateway's core: one process, no threads, no sockets, no clock.
public enum Simulation {
    /// What came of one seed.
    public struct Report: Sendable {
        public let seed: UInt64
        /// Equal for equal histories.
        public let hash: UInt64
        public let events: Int
        public let requests: Int
        public let attacks: Int
        /// What was wrong, and at which step; nil: nothing.
        public let finding: String?
        public let step: Int
        /// The history in words, when it was asked for.
        public let story: [String]
    }

    public static func run(seed: UInt64, isTold: Bool = false) throws -> Report {
        var schedule = try Schedule(seed: seed, isTold: isTold)
        let step = try schedule.play()
        let world = schedule.world
        return Report(
            seed: seed, hash: world.trace.hash, events: world.trace.events,
            requests: world.requests.count, attacks: world.attacks, finding: world.finding,
            step: step,
            story: world.trace.lines ?? [])
    }
}
