import Kernel

/// Another end of a schedule: from one moment on nobody says, reads or decides anything more, and
/// the gateway has to end by its own timers whatever is under way.
struct Silence {
    private let world: World

    init(_ world: World) { self.world = world }

    func play() {
        world.trace.note(.silence)
        world.isSilent = true
        let begun = world.nanoseconds
        while world.finding == nil {
            work()
            let found = world.core.inventory
            if found.sessions + found.shares.count + found.connections == 0 { break }
            guard let due = found.nextDue else {
                world.fault("\(found.sessions) sessions and no timer")
                return
            }
            let elapsed = Int((world.nanoseconds - begun) / 1_000_000)
            if elapsed > exchangesEnd, !found.shares.isEmpty {
                world.fault("\(found.shares.map(\.requestID)) outlive the silence")
            }
            if elapsed > exchangesEnd + sessionsEnd {
                world.fault("\(found.sessions) sessions outlive the silence")
            }
            world.advance(until: due)
        }
    }

    /// As a worker does it: until nobody is ready and nothing is left to be done at once.
    private func work() {
        for _ in 0..<1_000 {
            let isBusy = world.turn(isWhole: true)
            world.check()
            if !isBusy { return }
        }
        world.fault("busy in silence")
    }

    /// Two attempts at an upstream, the wait for the answer's rest, and a stalled write.
    private var exchangesEnd: Int {
        let times = world.scenario.timeouts
        let attempt = times.upstream.connect + times.upstream.tls + times.upstream.firstByte
        return 2 * attempt + times.requestBodyIdle + times.upstream.idle + 2 * times.writeStall
    }

    /// An idle connection, its good-bye, and what an upstream's may wait for.
    private var sessionsEnd: Int {
        let times = world.scenario.timeouts
        return 2 * times.keepAliveIdle + times.writeStall + times.linger
            + 2 * times.upstream.poolIdle
    }
}
