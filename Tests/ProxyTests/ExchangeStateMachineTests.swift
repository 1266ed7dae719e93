import Chance
import Kernel
import Testing
import Upstream

@testable import Proxy

private let start = Instant(nanoseconds: 0)

@Suite("What an exchange does next") struct ExchangeStateMachineTests {
    /// A pool of one connection that hands out a lease and sees it come back.
    private struct Source: ~Copyable {
        var pool = PoolStateMachine(limits: PoolLimits(), isMultiplexed: true)

        init() {
            let ticket = pool.enqueue(1)
            if let opening = pool.nextToOpen(at: start) {
                pool.opened(opening.connection, capacity: 1_000, at: start)
            }
            if let ticket { pool.cancel(ticket) }
        }

        mutating func lease() -> Lease { pool.lease(at: start)! }
        mutating func take(_ lease: consuming Lease) {
            _ = pool.giveBack(lease, isReusable: true)
        }
    }

    @Test("any order of events returns every lease, replies at most once, never behind a head")
    func games() {
        for seed in UInt64(1)...500 {
            var random = SeededRandom(seed: seed)
            var source = Source()
            var machine = ExchangeStateMachine()
            var replies = 0
            var heads = 0
            for _ in 0..<random.below(12) {
                switch random.below(6) {
                case 0:
                    switch machine.leased(source.lease()) {
                    case .forward: break
                    case .giveBack(let lease): source.take(lease)
                    }
                case 1: if machine.receivedHead() == .relay { heads += 1 }
                case 2:
                    switch machine.receivedEnd() {
                    case .giveBack(let lease): source.take(lease)
                    case .nothing: break
                    }
                case 3:
                    switch machine.failed() {
                    case .reply: replies += 1
                    case .replyAndAbandon(let lease):
                        replies += 1
                        source.take(lease)
                    case .breakStream(let lease): source.take(lease)
                    case .nothing: break
                    }
                case 4:
                    switch machine.retried() {
                    case .giveBack(let lease): source.take(lease)
                    case .queue: break
                    case .nothing: break
                    }
                default: Self.close(&machine, &source)
                }
                let held = source.pool.active
                #expect(held <= 1, "seed \(seed)")
                #expect(heads + replies <= 1, "seed \(seed)")
            }
            Self.close(&machine, &source)
            let held = source.pool.active
            #expect(held == 0, "seed \(seed)")
            let isAnswered = machine.isAnswered
            #expect(isAnswered)
        }
    }

    @Test("it may be asked again only as long as no head has come and nothing has failed")
    func again() {
        var source = Source()
        var machine = ExchangeStateMachine()
        #expect(Self.isAskedAgain(&machine, &source))
        for _ in 0..<3 {
            if case .giveBack(let lease) = machine.leased(source.lease()) { source.take(lease) }
            let held = source.pool.active
            #expect(held == 1)
            #expect(Self.isAskedAgain(&machine, &source))
            let left = source.pool.active
            #expect(left == 0)
        }
        if case .giveBack(let lease) = machine.leased(source.lease()) { source.take(lease) }
        let isRelayed = machine.receivedHead() == .relay
        #expect(isRelayed)
        #expect(!Self.isAskedAgain(&machine, &source))
        if case .giveBack(let lease) = machine.receivedEnd() { source.take(lease) }
        #expect(!Self.isAskedAgain(&machine, &source))
        Self.close(&machine, &source)
        #expect(!Self.isAskedAgain(&machine, &source))
        var failed = ExchangeStateMachine()
        if case .replyAndAbandon(let lease) = failed.failed() { source.take(lease) }
        #expect(!Self.isAskedAgain(&failed, &source))
    }

    private static func isAskedAgain(
        _ machine: inout ExchangeStateMachine, _ source: inout Source
    ) -> Bool {
        switch machine.retried() {
        case .queue: return true
        case .giveBack(let lease):
            source.take(lease)
            return true
        case .nothing: return false
        }
    }

    private static func close(_ machine: inout ExchangeStateMachine, _ source: inout Source) {
        switch machine.closed() {
        case .abandon(let lease): source.take(lease)
        case .leaveQueue: break
        case .nothing: break
        }
    }
}
