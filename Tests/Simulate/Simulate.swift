import Kernel
import Simulation

/// `gatehouse-simulate FIRST...LAST` plays the schedules of many seeds, `gatehouse-simulate SEED`
/// one, and tells it in words when something is wrong. `--until-found` ends with the first finding
/// and says each seed before it is played, in case it crashes. Ends with 1 when something was
/// found.
@main
struct Simulate {
    /// A finding is told in words so many times; of the others the seed is enough.
    private static let told = 3
    /// The last lines of a story that was not asked for.
    private static let tail = 60

    static func main() throws {
        let isPatient = CommandLine.arguments.dropFirst().first != "--until-found"
        let arguments = Array(CommandLine.arguments.dropFirst(isPatient ? 1 : 2))
        let ends = (arguments.first ?? "").split(separator: ".").map { UInt64($0) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else {
            print("usage: gatehouse-simulate [--until-found] SEED | FIRST...LAST")
            ProcessExit.exit(2)
        }
        var hash: UInt64 = 0
        var events = 0
        var requests = 0
        var attacks = 0
        var findings = 0
        for seed in first...last {
            if !isPatient { StandardStream.error.write("seed \(seed)\n") }
            let report = try Simulation.run(seed: seed)
            hash = hash &* 31 &+ report.hash
            events += report.events
            requests += report.requests
            attacks += report.attacks
            guard let finding = report.finding else { continue }
            findings += 1
            if findings <= told { try tell(seed, isWhole: first == last) }
            print("FOUND seed \(seed), step \(report.step): \(finding)")
            if !isPatient { ProcessExit.exit(1) }
        }
        let count = last - first + 1
        print("\(count) schedules, \(requests) requests, \(attacks) attacks, \(events) events")
        print("\(findings) findings")
        print("fingerprint \(String(hash, radix: 16))")
        if findings > 0 { ProcessExit.exit(1) }
    }

    private static func tell(_ seed: UInt64, isWhole: Bool) throws {
        let story = try Simulation.run(seed: seed, isTold: true).story
        for line in isWhole ? story[...] : story.suffix(tail) { print(line) }
    }
}
