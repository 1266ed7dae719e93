import Configuration
import Policies
import Proxy
import TLS
import Telemetry

/// One configuration, checked and compiled to its last file: what is in force, or could be.
struct Generation {
    /// What the program brings to every configuration it is given.
    struct Surroundings {
        let workers: Int
        let descriptorLimit: Int
        let meters: MeterTable
        /// Of the token issuers, in their order.
        let keySources: [KeySetSource]

        /// One worker's part of a bound of the process, never nothing.
        func share(of bound: Int) -> Int { max(1, (bound + workers - 1) / workers) }
    }

    let configuration: Configuration
    let upstreams: [UpstreamBuilder.Made]
    let snapshot: Snapshot
    let subjects: MetricSubjects
    /// Of the listeners, in their order.
    let traits: [ListenerTraits]

    /// `before`: the one in force, of which go on the upstreams that are the same, the budget of
    /// collected bodies, ticket keys and the numbers of metrics; nil: the first.
    init(
        _ configuration: Configuration, in surroundings: Surroundings,
        after before: Generation? = nil
    ) throws(StartFault) {
        if let before {
            let names = configuration.changesThatNeedRestart(since: before.configuration)
            guard names.isEmpty else {
                throw StartFault(
                    "\(names.joined(separator: ", ")) changed, which takes a restart")
            }
        }
        self.configuration = configuration
        var subjects = before?.subjects ?? MetricSubjects()
        upstreams = try UpstreamBuilder(configuration, in: surroundings)
            .build(after: before?.upstreams ?? [], &subjects)
        let builder = SnapshotBuilder(
            configuration: configuration, surroundings: surroundings,
            upstreams: upstreams.map(\.target))
        snapshot = try builder.build(after: before, &subjects)
        if before == nil {
            subjects.reserve(
                routes: configuration.metrics.spareRoutes,
                upstreams: configuration.metrics.spareUpstreams)
        }
        self.subjects = subjects
        traits = try ListenerTraits.all(configuration, sharing: before?.ticketKeys)
    }

    /// All TLS listeners share them.
    var ticketKeys: TicketKeys? { traits.lazy.compactMap(\.tls).first?.ticketKeys }
}
