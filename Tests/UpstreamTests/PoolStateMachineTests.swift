import Kernel
import Testing

@testable import Upstream

private let start = Instant(nanoseconds: 0)

@Suite("The pool of upstream connections") struct PoolStateMachineTests {
    @Test("any game keeps every bound and loses no waiter", arguments: [false, true], 1...4)
    func games(isMultiplexed: Bool, endpoints: Int) {
        for seed in UInt64(1)...200 {
            let limits = PoolLimits(
                connections: 1 + Int(seed % 4), pending: Int(seed % 7),
                active: 2 + Int(seed % 9))
            let game = PoolGame(
                seed: seed, limits: limits, isMultiplexed: isMultiplexed, isKnown: seed % 2 == 0,
                endpoints: endpoints)
            game.play(steps: 300)
            #expect(game.fault == nil, "seed \(seed)")
        }
    }

    @Test("a failed attempt fails one waiter of HTTP/1.1, the others go on waiting")
    func oneAttemptOneWaiter() {
        var pool = PoolStateMachine(
            limits: PoolLimits(connections: 2, pending: 8, active: 8), isMultiplexed: false)
        for waiter in UInt64(1)...4 { _ = pool.enqueue(waiter) }
        let first = pool.nextToOpen(at: start)?.connection
        let second = pool.nextToOpen(at: start)?.connection
        let third = pool.nextToOpen(at: start)?.connection
        #expect(third == nil)
        guard let first, let second else { return }
        pool.opened(first, capacity: 1, at: start)
        guard let assignment = pool.assign() else { return }
        let waiter = assignment.waiter
        #expect(waiter == 1)
        let outcome = pool.failedToOpen(second)
        #expect(outcome == .giveUp(waiters: 1))
        _ = pool.failWaiter()
        let waiting = pool.waiting
        #expect(waiting == 2)
        _ = pool.giveBack(assignment.take(), isReusable: true)
    }

    @Test("where nobody may wait, whoever a connection can be opened for is served")
    func nobodyMayWait() {
        var pool = PoolStateMachine(
            limits: PoolLimits(connections: 2, pending: 0, active: 8), isMultiplexed: false)
        for waiter in UInt64(1)...2 {
            let isServed = pool.enqueue(waiter) != nil && pool.nextToOpen(at: start) != nil
            #expect(isServed)
        }
        let isThirdServed = pool.enqueue(3) != nil
        #expect(!isThirdServed)
    }

    @Test("the connection used last is used next")
    func lastUsedFirst() {
        var pool = PoolStateMachine(limits: PoolLimits(), isMultiplexed: false)
        var ids: [ConnectionID] = []
        for waiter in UInt64(1)...2 { _ = pool.enqueue(waiter) }
        while let id = pool.nextToOpen(at: start)?.connection { ids.append(id) }
        for id in ids { pool.opened(id, capacity: 1, at: start) }
        let first = pool.assign()
        let second = pool.assign()
        guard let first, let second else {
            Issue.record("two connections for two")
            return
        }
        _ = pool.giveBack(first.take(), isReusable: true)
        let lease = second.take()
        let used = lease.connection
        _ = pool.giveBack(lease, isReusable: true)
        guard let next = pool.lease(at: start) else {
            Issue.record("no spare connection")
            return
        }
        let chosen = next.connection
        #expect(chosen == used)
        _ = pool.giveBack(next, isReusable: true)
    }

    @Test("a slot's next connection is not taken for its last")
    func generations() {
        var pool = PoolStateMachine(limits: PoolLimits(connections: 1), isMultiplexed: false)
        _ = pool.enqueue(1)
        let old = pool.nextToOpen(at: start)?.connection
        guard let old else { return }
        pool.opened(old, capacity: 1, at: start)
        guard let assignment = pool.assign() else { return }
        pool.closed(old)
        _ = pool.enqueue(2)
        let new = pool.nextToOpen(at: start)?.connection
        guard let new else { return }
        #expect(new.slot == old.slot)
        pool.opened(new, capacity: 1, at: start)
        let mustClose = pool.giveBack(assignment.take(), isReusable: false)
        #expect(!mustClose)
        guard let second = pool.assign() else {
            Issue.record("the new connection was closed with the old one's lease")
            return
        }
        _ = pool.giveBack(second.take(), isReusable: true)
    }
}
