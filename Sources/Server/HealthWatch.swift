import HTTP
import Kernel
import Proxy
import Synchronization

/// Runs the active checks on a thread of its own, so that they are made once for the process and
/// take no worker's time.
final class HealthWatch: Sendable {
    private let targets: [UpstreamTarget]
    private let limits: CodecLimits
    private let stopping = Atomic<Bool>(false)
    private let waker: Waker

    /// nil: no upstream wants checks.
    init?(_ snapshot: Snapshot) throws(SystemFault) {
        guard snapshot.upstreams.contains(where: { $0.health != nil }) else { return nil }
        targets = snapshot.upstreams
        limits = snapshot.upstreamCodecLimits
        waker = try Waker()
    }

    /// Checks until `stop`, and tells `changed` the verdicts whenever one is another one.
    func run(
        addresses: () -> [[[SocketAddress]]], changed: ([[Bool]]) -> Void
    ) throws(SystemFault) {
        let poller = try Poller()
        let wakerToken = Token(.mailbox, slot: 0)
        try poller.watchLevel(waker.descriptor, token: wakerToken.rawValue)
        let checks = HealthChecks(
            targets, limits: limits, network: PollerNetwork(poller), now: Moment.now().monotonic)
        while !stopping.load(ordering: .relaxed) {
            let count = poller.wait(milliseconds: patience(checks))
            let now = Moment.now().monotonic
            checks.resolved(addresses())
            for index in 0..<count {
                let (value, readiness) = poller.event(index)
                let token = Token(rawValue: value)
                if token != wakerToken { checks.ready(token, readiness, at: now) }
            }
            checks.fire(at: now)
            let news = checks.takeNews()
            // The workers first: what the line says is in force when it can be read.
            if !news.isEmpty { changed(checks.verdicts) }
            for (upstream, endpoint, isHealthy) in news {
                let verdict = isHealthy ? "healthy again" : "unhealthy"
                StandardStream.error.write(
                    "gatehouse: upstream \(upstream): \(endpoint) is \(verdict)\n")
            }
        }
    }

    private func patience(_ checks: HealthChecks) -> Int32 {
        guard let due = checks.nextDue else { return -1 }
        let wait = due.since(Moment.now().monotonic)
        return Int32(clamping: (wait + 999_999) / 1_000_000)
    }

    func stop() {
        stopping.store(true, ordering: .relaxed)
        waker.wake()
    }
}
