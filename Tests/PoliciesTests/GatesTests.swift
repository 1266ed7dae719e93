import Chance
import Errors
import Kernel
import Policies
import Testing

@Suite("The limits of a project, its users and their keys")
struct GatesTests {
    private let noon = moment(2026, 11, 21, 12)

    private func isAdmitted(_ gates: Gates, _ time: Moment) -> Bool {
        gates.admit(at: time).isAdmitted
    }

    @Test("a request is counted at every gate or at none")
    func allOrNone() {
        let project = Gate(RequestLimits(perDay: 3), Meter())
        let first = Gates([project, Gate(RequestLimits(perDay: 1), Meter())])
        let second = Gates([project, Gate(RequestLimits(perDay: 9), Meter())])
        #expect(isAdmitted(first, noon))
        // Refused by the user's own limit: the project keeps what is left.
        for _ in 0..<5 { #expect(!isAdmitted(first, noon)) }
        #expect(isAdmitted(second, noon))
        #expect(isAdmitted(second, noon))
        // Refused by the project: the user has used 2 of 9, not more.
        for _ in 0..<5 { #expect(!isAdmitted(second, noon)) }
        let alone = Gates([Gate(RequestLimits(perDay: 9), Meter())])
        #expect(alone.admit(at: noon).reading?.remaining == 8)
    }

    @Test("the answer tells of the window that refused, else of the one with the least share left")
    func reading() {
        let project = Gate(RequestLimits(perMinute: 100, minuteKind: .calendarMinute), Meter())
        let user = Gate(RequestLimits(perDay: 4), Meter())
        let gates = Gates([project, user])
        let first = gates.admit(at: noon)
        #expect(first.reading?.window == .day && first.reading?.remaining == 3)
        let narrow = Gates([Gate(RequestLimits(perMinute: 3), Meter()), user])
        #expect(narrow.admit(at: noon).reading?.window == .day)
        _ = gates.admit(at: noon)
        let refused = Gates([Gate(RequestLimits(perMinute: 0), Meter()), user]).admit(at: noon)
        #expect(refused.reading?.window == .minute && !refused.isAdmitted)
        #expect(gates.admit(at: noon).reading?.remaining == 0)
        let error = gates.admit(at: noon).error
        #expect(error == .rateLimited(.day, limit: 4, retryAfterMilliseconds: 43_200_000))
    }

    @Test("what has no limit asks nobody")
    func unlimited() {
        let gates = Gates([Gate(.unlimited, Meter()), Gate(.unlimited, Meter())])
        let admission = gates.admit(at: noon)
        #expect(admission == .admitted(nil))
    }

    /// Racing users of one project, each with a limit and some with two keys.
    @Test("every limit is exact however many threads race", arguments: [UInt64(1), 2, 3])
    func race(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let project = Gate(RequestLimits(perDay: 200 + random.below(1_500)), Meter())
        let users = (0..<4).map { _ in
            Gate(RequestLimits(perDay: 100 + random.below(600)), Meter())
        }
        let tallies = Lock([Int](repeating: 0, count: users.count))
        let time = noon
        try inThreads(8) {
            for step in 0..<1_000 {
                let user = step % users.count
                guard Gates([project, users[user]]).admit(at: time).isAdmitted else { continue }
                tallies.withLock { $0[user] += 1 }
            }
        }
        let counts = tallies.withLock { $0 }
        let room = zip(counts, users).map { $0 <= $1.limits.perDay ?? 0 }
        let sum = counts.reduce(0, +)
        let most = users.reduce(0) { $0 + ($1.limits.perDay ?? 0) }
        #expect(!room.contains(false), "seed \(seed)")
        #expect(sum == min(project.limits.perDay ?? 0, most), "seed \(seed)")
    }
}
