import Configuration
import Kernel
import Policies
import Proxy
import Synchronization
import TLS
import Telemetry

/// The running program: listeners bound, workers started, signals obeyed.
public final class Gateway {
    /// The program's version.
    public static let version = "0.1.0"

    let reloader: Reloader
    let mailboxes: [Mailbox]
    let workers: [Thread]
    let running: Running
    let resolver: Resolver
    let resolving: Thread
    let keys: KeySetWatch
    let health: HealthWatch
    let checking: Thread
    let log: AccessLogQueue?
    let metrics: MetricsService?
    let metricsThread: Thread?
    let meters: MeterTable
    let keeping: (keeper: CounterKeeper, thread: Thread)?
    /// For a process that takes the place of this one; nil: this one has given them up.
    var sockets: ListenerSockets?
    /// nil: there was none, or it has ended.
    var predecessor: Predecessor?
    /// A process that is to take the place of this one is being started.
    var succession: Succession?
    /// It serves.
    var successor: Succession?
    /// This process ends then at the latest; nil: it goes on.
    var drainedBy: Instant?

    /// How many workers still work.
    final class Running: Sendable {
        private let count: Atomic<Int>
        init(_ count: Int) { self.count = Atomic(count) }
        var isOver: Bool { count.load(ordering: .acquiring) == 0 }
        func leave() { count.subtract(1, ordering: .acquiringAndReleasing) }
    }

    /// Binds, loads, resolves and starts; when it returns, clients are served. `path`: where the
    /// configuration was read from, and is read again. `announce` gets one line of JSON for each
    /// listener; `warn` what does not prevent the start.
    public init(
        _ configuration: Configuration, path: String, announce: (String) -> Void,
        warn: (String) -> Void
    ) throws(StartFault) {
        Signal.blockAll()
        Process.returnLargeBlocks()
        let count = configuration.workers ?? Process.processorCount
        let sources = try SnapshotBuilder.keySources(configuration)
        meters = MeterTable(bound: configuration.limits.meters)
        let surroundings = Generation.Surroundings(
            workers: count, descriptorLimit: Process.raiseDescriptorLimit(), meters: meters,
            keySources: sources)
        let first = try Generation(configuration, in: surroundings)
        let inheritance = Inheritance.ofThisProcess()
        predecessor = Predecessor(inheritance, meters: configuration.limits.meters)
        let sockets = try ListenerSockets(
            configuration, workers: count, inheritance, warn: warn)
        self.sockets = sockets
        let registry = Self.registry(of: first, workers: count)
        let started = Moment.now().wall
        let record = ReloadRecord(started: started, limit: first.snapshot.processLimit)
        do throws(SystemFault) {
            metrics = try MetricsService.open(
                configuration.metrics, on: sockets.metrics, registry, started: started,
                tokenKeys: sources, reloads: record)
            resolver = try Resolver(first.snapshot.upstreams, at: Moment.now().monotonic)
            for fault in resolver.resolveDue().faults { warn(fault) }
            log = try Self.openLog(configuration.accessLog)
            keeping = try Self.takeCounters(predecessor, configuration, meters, warn)
            mailboxes = try Mailbox.each(of: count)
            keys = KeySetWatch(sources, mailboxes)
            health = try HealthWatch(first.snapshot)
            reloader = Reloader(
                first, path: path, in: surroundings, mailboxes: mailboxes, resolver: resolver,
                health: health, registry: registry, record: record)
            running = Running(count)
            let (resolver, log, running) = (resolver, log, running)
            workers = try mailboxes.enumerated().map { (index, mailbox) throws(SystemFault) in
                let plan = WorkerPlan(
                    index: index, snapshot: first.snapshot,
                    addresses: resolver.addresses.map(\.addresses),
                    sockets: Allotment(sockets.places(ofWorker: index, of: count)),
                    traits: first.traits, mailbox: mailbox, log: log, metrics: registry,
                    spinMicroseconds: configuration.spinMicroseconds,
                    isPinned: configuration.pinWorkers)
                return try Self.startWorker(plan, running)
            }
            resolving = try Self.startResolver(resolver, mailboxes)
            try keys.start(mailboxes)
            metricsThread = try metrics?.start(log)
            checking = try Self.startChecks(health, resolver, mailboxes)
        } catch {
            throw StartFault("\(error)")
        }
        for (settings, address) in zip(configuration.listeners, sockets.addresses) {
            announce(Self.announcement(settings.name, address))
        }
        if let metrics { announce(Self.announcement("metrics", metrics.listener.address)) }
        if let predecessor { predecessor.serving() } else { ServiceNotice.ready() }
    }

    /// Loads everything `configuration` names without binding an address.
    public static func check(_ configuration: Configuration) throws(StartFault) {
        _ = try Generation(
            configuration,
            in: Generation.Surroundings(
                workers: 1, descriptorLimit: 1_024, meters: MeterTable(),
                keySources: try SnapshotBuilder.keySources(configuration)))
    }

    /// nil: nobody is to read it.
    private static func registry(of generation: Generation, workers: Int) -> MetricRegistry? {
        let settings = generation.configuration.metrics
        guard settings.listen != nil else { return nil }
        return MetricRegistry(
            generation.subjects, workers: workers, seriesLimit: settings.seriesLimit)
    }

    private static func startWorker(
        _ plan: WorkerPlan, _ running: Running
    ) throws(SystemFault) -> Thread {
        try Thread.spawn(name: "worker-\(plan.index)") {
            do throws(SystemFault) {
                let worker = try Worker(plan)
                worker.run()
            } catch {
                StandardStream.error.write("gatehouse: worker \(plan.index): \(error)\n")
            }
            running.leave()
        }
    }

    private static func startResolver(
        _ resolver: Resolver, _ mailboxes: [Mailbox]
    ) throws(SystemFault) -> Thread {
        try Thread.spawn(name: "resolver") {
            resolver.run { addresses in
                for mailbox in mailboxes { mailbox.post(.resolved(addresses)) }
            }
        }
    }

    private static func startChecks(
        _ health: HealthWatch, _ resolver: Resolver, _ mailboxes: [Mailbox]
    ) throws(SystemFault) -> Thread {
        try Thread.spawn(name: "health") {
            do throws(SystemFault) {
                try health.run(addresses: { resolver.addresses }) { isHealthy in
                    for mailbox in mailboxes { mailbox.post(.checked(isHealthy)) }
                }
            } catch {
                StandardStream.error.write("gatehouse: health checks: \(error)\n")
            }
        }
    }

    /// Goes on with what the process before has counted, or with the file.
    private static func takeCounters(
        _ predecessor: Predecessor?, _ configuration: Configuration, _ meters: MeterTable,
        _ warn: (String) -> Void
    ) throws(SystemFault) -> (keeper: CounterKeeper, thread: Thread)? {
        if let predecessor {
            let lost = meters.restore(try predecessor.counters(), at: Moment.now())
            if lost > 0 { warn("\(lost) counters more than limits.meters") }
        }
        return try CounterKeeper.start(
            configuration, meters, isCurrent: predecessor != nil, warn)
    }

    private static func openLog(
        _ settings: AccessLogSettings
    ) throws(SystemFault) -> AccessLogQueue? {
        // A line takes about 512 bytes.
        let bound = settings.queueLines * 512
        switch settings.path {
        case .off: return nil
        case .standardOutput:
            let file = AppendFile(borrowing: StandardStream.output.rawValue)
            return try AccessLogQueue.start(FileSink(file), boundBytes: bound)
        case .file(let path):
            return try AccessLogQueue.start(
                FileSink(try AppendFile(path: path)), boundBytes: bound)
        }
    }

    private static func announcement(_ name: String, _ address: SocketAddress?) -> String {
        var line = ByteBuffer()
        line.append("{\"event\":\"listening\",\"name\":\"")
        line.append(jsonEscaped: name)
        line.append("\",\"address\":\"")
        address?.ip.write(into: &line)
        line.append("\",\"port\":")
        line.append(decimal: UInt(address?.port ?? 0))
        line.append("}")
        return line.text
    }
}
