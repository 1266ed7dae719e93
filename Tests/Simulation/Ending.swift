import HTTP
import Proxy

/// The end of a schedule: everybody becomes reasonable, every request gets its end, whoever is left
/// is served once more, and then nothing may remain.
struct Ending {
    private let world: World

    init(_ world: World) { self.world = world }

    func play() throws {
        if world.scenario.endsInSilence {
            Silence(world).play()
            if world.finding == nil { compare() }
        } else {
            try endTogether()
        }
    }

    private func endTogether() throws {
        world.trace.note(.calm)
        calm()
        settle()
        for attacker in world.attackers { attacker.goAllOut() }
        settle()
        for attacker in world.attackers {
            world.judge(attacker)
            attacker.leave(isAbrupt: true)
        }
        // Of those who broke the rules nothing more is asked.
        for peer in world.peers where peer.isPoisoned {
            (peer as? Upstream)?.harm()
            peer.line.breakOff()
        }
        settle()
        finishAll()
        if world.finding == nil, !world.isDraining { try probe() }
        if world.finding == nil { leave() }
        if world.finding == nil { compare() }
    }

    private func settle() {
        if !world.settle() { world.fault("never idle") }
        world.check()
        world.checkSettled()
    }

    private func calm() {
        world.isCalm = true
        for peer in world.peers {
            peer.isStalled = false
            peer.catchUp()
        }
        for upstream in world.upstreams { upstream.reform() }
        for talk in world.clients.flatMap(\.talks) { talk.allowed = .max }
        world.network.isDown = false
        world.resolve(1)
        acceptAll()
    }

    private func acceptAll() {
        while !world.network.connecting.isEmpty { world.acceptUpstream(at: 0) }
    }

    /// Every request that a client still waits for comes to an end: because the upstream answers,
    /// or because time is up.
    private func finishAll() {
        let doesAnswer = world.random.isLucky(2, in: 3)
        var rounds = 0
        while world.finding == nil, !waiting.isEmpty {
            rounds += 1
            guard rounds < 300 else {
                world.fault("\(waiting[0].request.number) has no end")
                return
            }
            if doesAnswer { answerAll() }
            acceptAll()
            settle()
            if doesAnswer, rounds < 40 { continue }
            guard let due = world.core.inventory.nextDue else {
                if !waiting.isEmpty { world.fault("\(waiting[0].request.number) has no timer") }
                return
            }
            world.advance(until: due)
            settle()
        }
        for client in world.clients { client.isMute = false }
        settle()
    }

    private var waiting: [Talk] {
        world.clients.filter { !$0.isGone && !$0.isPoisoned }.flatMap(\.openTalks)
            .filter { $0.request.outcome == .open }
    }

    private func answerAll() {
        for upstream in world.livingUpstreams {
            for talk in upstream.openTalks {
                if let attempt = talk.attempt { upstream.answer(attempt) }
                upstream.meetFate(of: talk)
            }
        }
    }

    /// Whoever is still there is served once more, with more bytes than any window holds: nothing
    /// that happened may have cost the connections a part of them.
    private func probe() throws {
        // What an upstream holds back of an answer nobody wants occupies its connection.
        answerAll()
        settle()
        var clients = world.livingClients.filter { !$0.isPoisoned }
        if let fresh = try world.connect(isHTTP2: world.random.isLucky(1, in: 2)) {
            clients.append(fresh)
        }
        settle()
        for client in clients where client.codec.availableStreams > 0 && !client.isGone {
            let size = min(world.regime.bodyLimit, 140_000)
            let probe = world.makeProbe(size)
            world.add(probe)
            world.trace.note(.probe, probe.number, client.line.ordinal)
            guard client.send(probe, pausingAt: nil, expectsContinue: false) else { continue }
            for _ in 0..<4 {
                settle()
                acceptAll()
            }
            if probe.outcome != .complete || probe.status != 200 {
                let found = world.core.inventory
                world.fault(
                    "the probe \(probe.number) was not served: \(probe.status), "
                        + "active \(found.shares.map(\.requestID)), \(found.waiting) waiting")
            }
        }
    }

    // MARK: Leaving

    private func leave() {
        world.isOver = true
        if world.isDraining || world.random.isLucky(1, in: 2) {
            if !world.isDraining { world.drain() }
            settle()
            world.advance(milliseconds: 1_000)
            settle()
        }
        for client in world.livingClients { client.line.endByPeer() }
        settle()
        wait(world.scenario.timeouts.linger + 1_000)
        let found = world.core.inventory
        if found.sessions > 0 { world.fault("\(found.sessions) sessions are left") }
        if !found.shares.isEmpty { world.fault("\(found.shares.count) exchanges are left") }
        if found.waiting + found.retries > 0 { world.fault("somebody waits for nobody") }
        for _ in 0..<6 { wait(world.scenario.timeouts.upstream.poolIdle + 1_000) }
        let rest = world.core.inventory
        if rest.active > 0 { world.fault("\(rest.active) leases are left") }
        if rest.connections > 0 { world.fault("\(rest.connections) connections are left") }
        if world.snapshot.bodyBudget.usedBytes > 0 { world.fault("a part of the budget is left") }
    }

    private func wait(_ milliseconds: Int) {
        world.advance(milliseconds: milliseconds)
        settle()
    }

    private func compare() {
        for request in world.requests { world.judgeLog(request) }
        if let finding = world.model.finding {
            world.fault(finding)
        }
        if !world.dissolve() { world.fault("something holds on to the core") }
    }
}
