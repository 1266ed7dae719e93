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
    }

    let configuration: Configuration
    let snapshot: Snapshot
    let subjects: MetricSubjects
    /// Of the listeners, in their order.
    let traits: [ListenerTraits]

    /// `before`: the one in force, of which upstreams, the budget of collected bodies, ticket keys
    /// and the numbers of metrics go on; nil: the first.
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
        let builder = SnapshotBuilder(
            configuration: configuration, workers: surroundings.workers,
            descriptorLimit: surroundings.descriptorLimit, meters: surroundings.meters,
            keySources: surroundings.keySources)
        (snapshot, subjects) = try builder.build(after: before)
        traits = try ListenerTraits.all(configuration, sharing: before?.ticketKeys)
    }

    /// All TLS listeners share them.
    var ticketKeys: TicketKeys? { traits.lazy.compactMap(\.tls).first?.ticketKeys }
}
