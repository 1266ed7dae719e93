import HTTP
import Kernel
import Upstream

/// The active checks of every endpoint whose upstream wants them, once for the whole process. Like
/// `Core` it knows neither threads nor sockets: its owner tells it the time and who is ready.
public final class HealthChecks {
    private var targets: [UpstreamTarget] = []
    /// By the slots of their tokens.
    private var slots: [HealthProbe?] = []
    private let network: any Network

    /// Nothing is checked yet.
    public init(network: any Network) { self.network = network }

    private var probes: some Sequence<HealthProbe> { slots.lazy.compactMap(\.self) }

    /// Checks these from now on. One that is the same object is checked on; of an endpoint that is
    /// the same place under the same rules the verdict goes on.
    public func follow(_ targets: [UpstreamTarget], limits: CodecLimits, at now: Instant) {
        let before = Array(probes)
        for slot in slots.indices
        where !targets.contains(where: { $0 === slots[slot]?.target }) { slots[slot] = nil }
        for target in targets where !self.targets.contains(where: { $0 === target }) {
            guard let rules = target.health else { continue }
            for place in target.endpoints.indices {
                let slot = slots.firstIndex { $0 == nil } ?? slots.count
                if slot == slots.count { slots.append(nil) }
                let probe = HealthProbe(
                    target, place: place, rules: rules, slot: slot, network: network,
                    limits: limits, now: now)
                if let former = before.first(where: probe.continues) { probe.takeOver(former) }
                slots[slot] = probe
            }
        }
        self.targets = targets
    }

    /// Takes over where the endpoints' names lead.
    public func resolved(_ news: [(target: UpstreamTarget, addresses: [[SocketAddress]])]) {
        for (target, found) in news {
            for probe in probes where probe.target === target && probe.place < found.count {
                probe.resolved(found[probe.place])
            }
        }
    }

    public func ready(_ token: Token, _ readiness: Readiness, at now: Instant) {
        guard token.slot < slots.count else { return }
        slots[token.slot]?.ready(token, readiness, at: now)
    }

    /// Begins what is due and ends what took too long.
    public func fire(at now: Instant) {
        for probe in probes { probe.due(at: now) }
    }

    /// When `fire` must be called next; nil: there is nothing to check.
    public var nextDue: Instant? { probes.map(\.deadline).min() }

    /// Names every endpoint about which there is another verdict since the last call.
    public func takeNews() -> [(upstream: String, endpoint: String, isHealthy: Bool)] {
        probes.filter { $0.takeNews() }.map { probe in
            let endpoint = probe.target.endpoints[probe.place]
            return (probe.target.name, "\(endpoint.host):\(endpoint.port)", probe.isHealthy)
        }
    }

    /// Of each upstream, of each of its endpoints: true where there are no checks.
    public var verdicts: [(target: UpstreamTarget, isHealthy: [Bool])] {
        targets.map { target in
            let isHealthy = target.endpoints.indices.map { place in
                probes.first { $0.target === target && $0.place == place }?.isHealthy ?? true
            }
            return (target, isHealthy)
        }
    }
}
