import HTTP
import Kernel
import Proxy
import Synchronization

/// Runs the active checks on a thread of its own, so that they are made once for the process and
/// take no worker's time.
final class HealthWatch: Sendable {
    /// What is to be checked from now on; nil: the same as before.
    private let next: Lock<Snapshot?>
    private let stopping = Atomic<Bool>(false)
    private let waker: Waker

    init(_ snapshot: Snapshot) throws(SystemFault) {
        next = Lock(snapshot)
        waker = try Waker()
    }

    /// Checks until `stop`, and tells `changed` the verdicts whenever one is another one.
    func run(
        addresses: () -> [(target: UpstreamTarget, addresses: [[SocketAddress]])],
        changed: ([(target: UpstreamTarget, isHealthy: [Bool])]) -> Void
    ) throws(SystemFault) {
        let poller = try Poller()
        let wakerToken = Token(.mailbox, slot: 0)
        try poller.watchLevel(waker.descriptor, token: wakerToken.rawValue)
        let checks = HealthChecks(network: PollerNetwork(poller))
        while !stopping.load(ordering: .acquiring) {
            let now = Moment.now().monotonic
            let followed = follow(checks, at: now)
            checks.resolved(addresses())
            checks.fire(at: now)
            let news = checks.takeNews()
            // The workers first: what the line says is in force when it can be read.
            if followed || !news.isEmpty { changed(checks.verdicts) }
            for (upstream, endpoint, isHealthy) in news {
                let verdict = isHealthy ? "healthy again" : "unhealthy"
                StandardStream.error.write(
                    "gatehouse: upstream \(upstream): \(endpoint) is \(verdict)\n")
            }
            wait(for: checks, poller, wakerToken)
        }
    }

    private func follow(_ checks: HealthChecks, at now: Instant) -> Bool {
        guard let snapshot = next.withLock({ $0.take() }) else { return false }
        checks.follow(snapshot.upstreams, limits: snapshot.upstreamCodecLimits, at: now)
        return true
    }

    private func wait(for checks: HealthChecks, _ poller: Poller, _ wakerToken: Token) {
        let count = poller.wait(milliseconds: patience(checks))
        let now = Moment.now().monotonic
        for index in 0..<count {
            let (value, readiness) = poller.event(index)
            let token = Token(rawValue: value)
            if token == wakerToken {
                waker.acknowledge()
            } else {
                checks.ready(token, readiness, at: now)
            }
        }
    }

    private func patience(_ checks: HealthChecks) -> Int32 {
        guard let due = checks.nextDue else { return -1 }
        let wait = due.since(Moment.now().monotonic)
        return Int32(clamping: (wait + 999_999) / 1_000_000)
    }

    /// Checks the upstreams of this one from now on, and tells their verdicts.
    func follow(_ snapshot: Snapshot) {
        next.withLock { $0 = snapshot }
        waker.wake()
    }

    func stop() {
        stopping.store(true, ordering: .releasing)
        waker.wake()
    }
}
