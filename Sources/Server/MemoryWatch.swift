import Kernel

/// Looks once a second whether the process takes more memory than the configuration in force
/// allows. Belongs to the main thread.
struct MemoryWatch {
    private static let interval: UInt64 = 1_000_000_000

    private let automatic = MemoryAllowance.bytes() / 10 * 9
    private var looked: Instant?

    mutating func look(at now: Instant, _ generation: Generation) {
        if let looked, now.since(looked) < Self.interval { return }
        looked = now
        guard var taken = ProcessUsage.residentNow() else { return }
        let bound = generation.configuration.limits.memoryBytes ?? automatic
        let memory = generation.snapshot.memory
        if taken > bound || memory.isExceeded {
            // What is free already must not keep anybody out.
            MemoryReturn.atOnce()
            taken = ProcessUsage.residentNow() ?? taken
        }
        guard memory.observe(taken, bound: bound) else { return }
        StandardStream.error.write(
            memory.isExceeded
                ? "gatehouse: warning: \(taken) bytes of memory are in use, more than "
                    + "limits.memoryBytes (\(bound)): requests are answered 503\n"
                : "gatehouse: \(taken) bytes of memory are in use: requests are served again\n")
    }
}
