import Chance
import HTTP
import Proxy

/// One seed's history: clients and upstreams that do anything at any time, and then the end, at
/// which everything has to be settled.
struct Schedule {
    let world: World
    private var living: [Client] = []

    init(seed: UInt64, isTold: Bool) throws {
        var random = SeededRandom(seed: seed)
        let scenario = Scenario(&random)
        world = try World(scenario, random: random, isTold: isTold)
        world.trace.note(
            .scenario, scenario.isUpstreamHTTP2 ? 2 : 1,
            (scenario.hasClientTrouble ? 1 : 0) + (scenario.hasUpstreamTrouble ? 2 : 0),
            (scenario.hasTimeJumps ? 1 : 0) + (scenario.hasTightPool ? 2 : 0)
                + (scenario.hasTightBudget ? 4 : 0))
    }

    /// Returns the step at which something was found, or the last.
    mutating func play() throws -> Int {
        for step in 0..<world.scenario.steps {
            if step == world.scenario.drainStep { world.drain() }
            try self.step()
            if !world.random.isLucky(1, in: 4) {
                world.turn(isWhole: world.random.isLucky(1, in: 3))
                world.check()
            }
            if world.finding != nil { return step }
        }
        try Ending(world).play()
        return world.scenario.steps
    }

    private mutating func step() throws {
        switch world.random.below(world.scenario.hasAttackers ? 38 : 32) {
        case 0...1: try connect()
        case 2...7: request()
        case 8...16: work()
        case 17...18: reach()
        case 19: resume()
        case 20: answer()
        case 21: dawdle()
        case 22: if world.scenario.hasClientTrouble { leave() }
        case 23: if world.scenario.hasClientTrouble { cancel() }
        case 24: if world.scenario.hasUpstreamTrouble { harm() }
        case 25: if world.scenario.hasUpstreamTrouble { obstruct() }
        case 26: try pass()
        case 27: meetFates()
        case 28: if world.random.isLucky(1, in: 4) { world.settleAndCheck() }
        case 29: if world.scenario.hasClientTrouble { fallMute() }
        case 32: try invade()
        case 33...36: strike()
        case 37: if world.random.isLucky(1, in: 4) { retreat() }
        default: for peer in world.peers { _ = peer.work(world.random.pick([64, 4_096])) }
        }
    }

    private func pick<Element>(_ choices: [Element]) -> Element? {
        choices.isEmpty ? nil : world.random.pick(choices)
    }

    // MARK: Clients

    private mutating func connect() throws {
        guard world.livingClients.count < world.scenario.clients, !world.isDraining else { return }
        _ = try world.connect(isHTTP2: world.random.isLucky(1, in: 2))
    }

    private func request() {
        let free = world.livingClients.filter { !$0.isPoisoned && $0.codec.availableStreams > 0 }
        guard let client = pick(free) else { return }
        let request = world.makeRequest()
        let size = request.body?.count ?? 0
        let pauses = size > 0 && world.random.isLucky(1, in: 4)
        let pause = pauses ? world.random.below(size + 1) : nil
        let expects = size > 0 && request.route == .upload && world.random.isLucky(1, in: 8)
        world.add(request)
        world.trace.note(.request, request.number, client.line.ordinal, size)
        request.mayBeTurnedAway = world.isDraining
        let isSent = client.send(request, pausingAt: expects ? 0 : pause, expectsContinue: expects)
        if !isSent { request.outcome = .broken }
    }

    private func leave() {
        guard let client = pick(world.livingClients) else { return }
        let isAbrupt = world.random.isLucky(1, in: 2)
        // What it said last and its end may be told at once.
        if world.random.isLucky(1, in: 2) { _ = client.work(65_536) }
        let isHalf = world.scenario.allowsHalfClose && !client.isHTTP2 && !isAbrupt
        for talk in client.openTalks {
            // Who has not sent everything leaves a request that cannot be completed.
            if !isHalf || !client.hasSaidAll { talk.request.isCancelled = true }
        }
        world.trace.note(.leave, client.line.ordinal, isAbrupt ? 1 : 0)
        if isAbrupt { client.line.breakOff() } else { client.line.endByPeer() }
    }

    private func cancel() {
        if world.random.isLucky(1, in: 6) {
            pollute(pick(world.livingClients))
            return
        }
        let clients = world.livingClients.filter { $0.isHTTP2 && !$0.openTalks.isEmpty }
        guard let client = pick(clients), let talk = pick(client.openTalks) else { return }
        world.trace.note(.reset, client.line.ordinal, talk.request.number)
        talk.request.isCancelled = true
        client.reset(talk, .cancel)
    }

    private func pollute(_ peer: Peer?) {
        guard let peer else { return }
        world.trace.note(.garbage, peer.line.ordinal)
        (peer as? Upstream)?.harm()
        for talk in peer.talks {
            if let attempt = talk.attempt {
                attempt.isSpoiled = true
            } else {
                talk.request.isSpoiled = true
            }
        }
        let count = 1 + world.random.below(40)
        peer.pollute((0..<count).map { _ in UInt8(truncatingIfNeeded: world.random.next()) })
    }

    /// Readers that stop, and go on.
    private func dawdle() {
        guard let peer = pick(world.peers.filter { !$0.isGone }) else { return }
        if world.random.isLucky(1, in: 2) {
            world.trace.note(.stall, peer.line.ordinal)
            peer.isStalled.toggle()
        } else {
            world.trace.note(.lazy, peer.line.ordinal)
            if peer.isLazy { peer.catchUp() } else { peer.isLazy = true }
        }
    }

    /// A client says nothing more, in the middle of whatever it is saying; or finds its voice.
    private func fallMute() {
        guard let client = pick(world.clients.filter { !$0.isGone }) else { return }
        world.trace.note(.mute, client.line.ordinal)
        client.isMute.toggle()
    }

    /// A client that paused goes on sending.
    private func resume() {
        let paused = world.clients.flatMap(\.talks).filter { $0.isSending && $0.allowed != .max }
        guard let talk = pick(paused) else { return }
        world.trace.note(.resume, talk.request.number)
        talk.allowed = .max
    }

    // MARK: Attackers

    private func invade() throws {
        guard world.attackers.count < 6, !world.isDraining else { return }
        try world.invade()
    }

    private func strike() {
        guard let attacker = pick(world.attackers.filter { !$0.isGone }) else { return }
        let stride = world.random.pick([1, 9, 100, 1_000, 16_384, 65_536])
        world.trace.note(.strike, attacker.line.ordinal, stride)
        _ = attacker.work(stride)
    }

    private func retreat() {
        guard let attacker = pick(world.attackers.filter { !$0.isGone }) else { return }
        world.trace.note(.leave, attacker.line.ordinal)
        attacker.leave(isAbrupt: world.random.isLucky(1, in: 2))
    }

    // MARK: Upstreams

    /// What becomes of an attempt to connect.
    private func reach() {
        guard !world.network.connecting.isEmpty else { return }
        let index = world.random.below(world.network.connecting.count)
        if world.scenario.hasUpstreamTrouble, world.random.isLucky(1, in: 4) {
            world.refuseUpstream(at: index)
        } else {
            world.acceptUpstream(at: index)
        }
    }

    private func answer() {
        let waiting = world.livingUpstreams.flatMap(\.openTalks).compactMap(\.attempt)
            .filter { !$0.hasAnswered }
        guard let attempt = pick(waiting) else { return }
        for upstream in world.livingUpstreams { upstream.answer(attempt) }
    }

    private func meetFates() {
        for upstream in world.livingUpstreams {
            for talk in upstream.openTalks where talk.sent >= talk.allowed {
                upstream.meetFate(of: talk)
            }
        }
    }

    private func harm() {
        guard let upstream = pick(world.livingUpstreams) else { return }
        let what = world.random.below(7)
        world.trace.note(.breakOff, upstream.line.ordinal, what)
        if what < 4 { upstream.harm() }
        switch what {
        case 0: upstream.line.breakOff()
        case 1: upstream.line.endByPeer()
        case 2: upstream.codec.shutDown()
        case 3:
            upstream.codec.shutDown()
            upstream.codec.shutDown()
        case 4...5: if let talk = pick(upstream.openTalks) { upstream.refuse(talk) }
        default: pollute(upstream)
        }
    }

    private func obstruct() {
        world.network.isDown.toggle()
        world.troubles += 1
        world.trace.note(.network, world.network.isDown ? 1 : 0)
        if world.random.isLucky(1, in: 3) {
            let count = world.random.below(4)
            world.trace.note(.resolve, count)
            world.resolve(count)
        }
    }

    // MARK: Everything else

    /// Time goes on, and sometimes something else than time.
    private func pass() throws {
        if world.scenario.hasReloads, world.random.isLucky(2, in: 3) {
            try world.reload()
        } else if world.scenario.hasClockJumps, world.random.isLucky(1, in: 2) {
            let hour = 3_600_000
            world.setClock(
                by: world.random.pick([1_000, 61_000, hour, 30 * hour])
                    * (world.random.isLucky(1, in: 2) ? 1 : -1))
        } else {
            wait()
        }
    }

    private func work() {
        guard let peer = pick(world.peers.filter { !$0.isGone }) else { return }
        let stride = world.random.pick([1, 9, 100, 1_000, 16_384, 65_536])
        world.trace.note(.work, peer.line.ordinal, stride)
        _ = peer.work(stride)
    }

    private func wait() {
        let milliseconds =
            world.scenario.hasTimeJumps && world.random.isLucky(1, in: 3)
            ? world.random.pick([1_000, 5_000, 16_000, 30_000, 90_000, 7_200_000])
            : world.random.below(12)
        world.advance(milliseconds: milliseconds)
    }
}
