import HTTP
import Kernel
import Upstream

/// The active checks of every endpoint whose upstream wants them, once for the whole process. Like
/// `Core` it knows neither threads nor sockets: its owner tells it the time and who is ready.
public final class HealthChecks {
    private let targets: [UpstreamTarget]
    private let probes: [HealthProbe]

    public init(
        _ targets: [UpstreamTarget], limits: CodecLimits, network: any Network, now: Instant
    ) {
        self.targets = targets
        var probes: [HealthProbe] = []
        for target in targets {
            guard let rules = target.health else { continue }
            for place in target.endpoints.indices {
                probes.append(
                    HealthProbe(
                        target, place: place, rules: rules, slot: probes.count,
                        network: network, limits: limits, now: now))
            }
        }
        self.probes = probes
    }

    /// Takes over where the endpoints' names lead, in the order of the targets.
    public func resolved(_ addresses: [[[SocketAddress]]]) {
        for (target, found) in zip(targets, addresses) {
            for probe in probes where probe.target === target && probe.place < found.count {
                probe.resolved(found[probe.place])
            }
        }
    }

    public func ready(_ token: Token, _ readiness: Readiness, at now: Instant) {
        guard token.slot < probes.count else { return }
        probes[token.slot].ready(token, readiness, at: now)
    }

    /// Begins what is due and ends what took too long.
    public func fire(at now: Instant) {
        for probe in probes { probe.due(at: now) }
    }

    /// When `fire` must be called next; nil: there is nothing to check.
    public var nextDue: Instant? { probes.lazy.map(\.deadline).min() }

    /// Names every endpoint about which there is another verdict since the last call.
    public func takeNews() -> [(upstream: String, endpoint: String, isHealthy: Bool)] {
        probes.filter { $0.takeNews() }.map { probe in
            let endpoint = probe.target.endpoints[probe.place]
            return (probe.target.name, "\(endpoint.host):\(endpoint.port)", probe.isHealthy)
        }
    }

    /// Of each upstream, of each of its endpoints: true where there are no checks.
    public var verdicts: [[Bool]] {
        targets.map { target in
            target.endpoints.indices.map { place in
                probes.first { $0.target === target && $0.place == place }?.isHealthy ?? true
            }
        }
    }
}
