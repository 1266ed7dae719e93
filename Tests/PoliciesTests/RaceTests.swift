import Chance
import Crypto
import Errors
import Kernel
import Signing
import Synchronization
import Testing

@testable import Policies

/// What workers share while configurations, keys and counters change under them. ThreadSanitizer
/// looks on in `make test`.
@Suite("Threads that race")
struct RaceTests {
    private let noon = moment(2026, 11, 21, 12)

    /// A configuration of one project: its own limit is always the same.
    private func snapshot(
        _ meters: MeterTable, perDay: Int, userPerDay: Int
    ) throws -> TokenHolders {
        let project = Project(
            id: "prj", slug: "slug", organization: Organization(id: "acme"),
            gate: Gate(
                RequestLimits(perDay: perDay), tokens: TokenLimits(perDay: perDay * 10),
                try meters.meter(for: .project("prj")), of: .project),
            userLimits: RequestLimits(perDay: userPerDay))
        return TokenHolders(
            issuer: "i", directory: Directory(projects: [project]), meters: meters)
    }

    @Test(
        "a limit and a budget are exact while configurations replace each other",
        arguments: [UInt64(1), 2, 3])
    func reload(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let limit = 500 + random.below(1_000)
        let meters = MeterTable()
        let world = try TokenWorld()
        let callers = try (0..<4).map { user in
            try world.accepted(claims: [
                "tid": "\"acme\"", "pid": "\"prj\"", "uid": "\"user-\(user)\"",
            ])
        }
        let current = Lock(try snapshot(meters, perDay: limit, userPerDay: 100_000))
        let admitted = Atomic<Int>(0)
        let isBroken = Atomic<Bool>(false)
        let time = noon
        let number = Atomic<Int>(0)
        try inThreads(8) {
            let own = number.wrappingAdd(1, ordering: .relaxed).newValue
            var random = SeededRandom(seed: seed &+ UInt64(own))
            for _ in 0..<400 {
                if random.isLucky(1, in: 20) {
                    let userLimit = 100_000 + random.below(1_000)
                    let fresh = try? snapshot(meters, perDay: limit, userPerDay: userLimit)
                    if let fresh { current.withLock { $0 = fresh } }
                    meters.sweep(at: time)
                    _ = meters.records(at: time)
                }
                let holders = current.withLock { $0 }
                guard let caller = try? holders.principal(of: random.pick(callers)),
                    caller.gates.admit(at: time).isAdmitted
                else { continue }
                admitted.wrappingAdd(1, ordering: .relaxed)
                guard let budget = caller.gates.budget, budget.hold(10, at: time) == nil else {
                    isBroken.store(true, ordering: .relaxed)
                    continue
                }
                budget.settle(held: 10, used: 10, at: time)
            }
        }
        let count = admitted.load(ordering: .relaxed)
        let isFaulty = isBroken.load(ordering: .relaxed)
        #expect(count == limit && !isFaulty, "seed \(seed)")
        let project = try snapshot(meters, perDay: limit, userPerDay: 1)
        let rest = try project.principal(of: callers[0]).gates.budget?.hold(1, at: time)
        #expect(rest?.used == limit * 10, "seed \(seed)")
    }

    /// A set of keys says itself whom it verifies; each thread has a desk, as each worker does.
    @Test(
        "a token is believed by exactly the keys that are in force at the desk",
        arguments: [UInt64(4), 5, 6])
    func keys(seed: UInt64) throws {
        let world = try TokenWorld()
        let signers = [Signers.es256, Signers.ed25519]
        let tokens = signers.map { $0.token(world.claims()) }
        let rung = Atomic<Int>(0)
        let issuer = TokenIssuer(
            name: "i", rules: world.rules,
            holders: TokenHolders(issuer: "i", directory: Directory(), meters: MeterTable()),
            cacheEntries: 16, demand: KeyDemand { rung.add(1, ordering: .relaxed) })
        let now = world.now
        let inForce = Lock(try Self.keys(of: signers, [true, false], version: 1))
        let faults = Atomic<Int>(0)
        let number = Atomic<Int>(0)
        try inThreads(6) {
            let own = number.wrappingAdd(1, ordering: .relaxed).newValue
            var random = SeededRandom(seed: seed &* 64 &+ UInt64(own))
            let desk = TokenDesk(issuer, TokenVerifier())
            let hasher = SHA256Hasher()
            for _ in 0..<200 {
                if random.isLucky(1, in: 8) {
                    let isIn = [random.isLucky(1, in: 2), random.isLucky(1, in: 2)]
                    inForce.withLock { set in
                        let next = set.keys.version + 1
                        if let fresh = try? Self.keys(of: signers, isIn, version: next) {
                            set = fresh
                        }
                    }
                    issuer.demand.meet()
                }
                let set = inForce.withLock { $0 }
                desk.replace(set.keys)
                let index = random.below(2)
                let decision = desk.decide(tokens[index].utf8.span, hasher, now: now)
                var isBelieved = false
                if case .principal = decision { isBelieved = true }
                if isBelieved != set.isIn[index] { faults.add(1, ordering: .relaxed) }
            }
        }
        let wrong = faults.load(ordering: .relaxed)
        #expect(wrong == 0, "seed \(seed)")
        // Whoever asked for the keys since they were last read is heard.
        issuer.demand.make()
        let rings = rung.load(ordering: .relaxed)
        #expect(issuer.demand.isOpen && rings > 0, "seed \(seed)")
    }

    private static func keys(
        of signers: [TokenSigner], _ isIn: [Bool], version: UInt64
    ) throws -> (keys: KeySet, isIn: [Bool]) {
        let jwks = zip(signers, isIn).filter(\.1).map { $0.0.jwk() }
        return (try TokenWorld.keys(jwks, version: version), isIn)
    }

    @Test(
        "a meter that is swept, written down and asked at once never counts twice or forgets",
        arguments: [UInt64(7), 8, 9])
    func table(seed: UInt64) throws {
        let table = MeterTable(bound: 64)
        let limit = 60
        let counts = Lock([Int](repeating: 0, count: 20))
        let overdrawn = Atomic<Int>(0)
        let number = Atomic<Int>(0)
        let time = noon
        try inThreads(8) {
            let own = number.wrappingAdd(1, ordering: .relaxed).newValue
            var random = SeededRandom(seed: seed &* 64 &+ UInt64(own))
            for _ in 0..<500 {
                let user = random.below(20)
                let subject = MeterTable.Subject.user(project: "p", [UInt8(user)])
                let limits = RequestLimits(perMonth: limit)
                if let meter = try? table.meter(for: subject),
                    meter.admit(limits, at: time).isAdmitted
                {
                    counts.withLock { $0[user] += 1 }
                }
                if random.isLucky(1, in: 10) { table.sweep(at: time) }
                if random.isLucky(1, in: 25) {
                    let isOver = table.records(at: time).contains {
                        $0.record.requestMonth.count > limit
                    }
                    if isOver { overdrawn.add(1, ordering: .relaxed) }
                }
            }
        }
        let admitted = counts.withLock { $0 }
        #expect(admitted == [Int](repeating: limit, count: 20), "seed \(seed)")
        let excess = overdrawn.load(ordering: .relaxed)
        #expect(excess == 0, "seed \(seed)")
        // A month later nobody is remembered, and the table is as good as new.
        table.sweep(at: moment(2026, 12, 21))
        #expect(table.count == 0, "seed \(seed)")
    }
}
