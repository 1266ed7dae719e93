import Configuration
import Kernel
import Policies
import Proxy
import Telemetry

/// Puts another configuration in force while the program runs: on the main thread, whole or not at
/// all, and never in the middle of a request's judgement.
final class Reloader {
    /// Workers look into their mailboxes each turn, so this is never waited for to its end.
    private static let patienceMilliseconds: Int32 = 1_000

    private(set) var current: Generation
    private let path: String
    private let surroundings: Generation.Surroundings
    private let mailboxes: [Mailbox]
    private let resolver: Resolver
    private let health: HealthWatch
    /// nil: nothing is counted.
    private let registry: MetricRegistry?
    private let record: ReloadRecord

    /// `path`: where `first` was read from.
    init(
        _ first: Generation, path: String, in surroundings: Generation.Surroundings,
        mailboxes: [Mailbox], resolver: Resolver, health: HealthWatch,
        registry: MetricRegistry?, record: ReloadRecord
    ) {
        current = first
        self.path = path
        self.surroundings = surroundings
        self.mailboxes = mailboxes
        self.resolver = resolver
        self.health = health
        self.registry = registry
        self.record = record
    }

    /// How long requests under way get when the program is told to end.
    var drainMilliseconds: Int { current.configuration.timeouts.drain }
    /// How long a process that is to take the place of this one may take until it serves.
    var restartMilliseconds: Int { current.configuration.timeouts.restart }

    /// Reads and checks everything anew. What is wrong is told as `gatehouse check` tells it, and
    /// then nothing has changed.
    func reload() {
        do {
            try adopt(
                Generation(try Configuration.load(path: path), in: surroundings, after: current))
        } catch let problems as ConfigurationProblems {
            refuse("\(problems)")
        } catch {
            refuse("\(path):1:1: \(error)")
        }
    }

    private func refuse(_ reason: String) {
        record.failed()
        StandardStream.error.write(
            "\(reason)\ngatehouse: not reloaded: the configuration before stays in force\n")
    }

    private func adopt(_ next: Generation) throws(SystemFault) {
        let faults = resolver.follow(next.snapshot.upstreams, at: Moment.now().monotonic)
        for fault in faults { StandardStream.error.write("gatehouse: warning: \(fault)\n") }
        let adoption = try Adoption(
            next, addresses: resolver.addresses.map(\.addresses), workers: mailboxes.count)
        // First the names of what is counted: a worker may count as soon as it has its letter.
        registry?.adopt(next.subjects)
        next.snapshot.bodyBudget.adjust(
            limitBytes: next.configuration.limits.collectedBodiesBytes)
        for mailbox in mailboxes { mailbox.post(.adopt(adoption)) }
        current = next
        resolver.tellAgain()
        health.follow(next.snapshot)
        let isEverywhere = adoption.wait(milliseconds: Self.patienceMilliseconds)
        record.succeeded(at: Moment.now().wall, limit: next.snapshot.processLimit)
        StandardStream.error.write(
            isEverywhere
                ? "gatehouse: configuration reloaded\n"
                : "gatehouse: warning: a worker has not taken the configuration over yet\n")
    }
}
