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

    private let reloader: Reloader
    private let mailboxes: [Mailbox]
    private let workers: [Thread]
    private let running: Running
    private let resolver: Resolver
    private let resolving: Thread
    private let keys: KeySetWatch
    private let health: HealthWatch
    private let checking: Thread
    private let log: AccessLogQueue?
    private let metrics: MetricsService?
    private let metricsThread: Thread?
    private let meters: MeterTable
    private let keeping: (keeper: CounterKeeper, thread: Thread)?

    /// How many workers still work.
    private final class Running: Sendable {
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
        let snapshot = first.snapshot
        let listeners = try Self.openListeners(configuration, workers: count)
        let registry = Self.registry(of: first, workers: count)
        let started = Moment.now().wall
        let record = ReloadRecord(started: started, limit: snapshot.processLimit)
        metrics = try MetricsService.open(
            configuration.metrics, registry, started: started, tokenKeys: sources,
            reloads: record)
        do throws(SystemFault) {
            keeping = try CounterKeeper.start(configuration, meters, warn)
            resolver = try Resolver(snapshot.upstreams, at: Moment.now().monotonic)
            for fault in resolver.resolveDue().faults { warn(fault) }
            log = try Self.openLog(configuration.accessLog)
            let mailboxes = try Mailbox.each(of: count)
            self.mailboxes = mailboxes
            keys = KeySetWatch(sources, mailboxes)
            health = try HealthWatch(snapshot)
            reloader = Reloader(
                first, path: path, in: surroundings, mailboxes: mailboxes, resolver: resolver,
                health: health, registry: registry, record: record)
            running = Running(count)
            var threads: [Thread] = []
            for index in 0..<count {
                let plan = WorkerPlan(
                    index: index, snapshot: snapshot,
                    addresses: resolver.addresses.map(\.addresses),
                    listeners: listeners.map { $0[index] }, traits: first.traits,
                    mailbox: mailboxes[index], log: log, metrics: registry,
                    spinMicroseconds: configuration.spinMicroseconds,
                    isPinned: configuration.pinWorkers)
                threads.append(try Self.startWorker(plan, running))
            }
            workers = threads
            resolving = try Self.startResolver(resolver, mailboxes)
            try keys.start(mailboxes)
            metricsThread = try metrics?.start(log)
            checking = try Self.startChecks(health, resolver, mailboxes)
        } catch {
            throw StartFault("\(error)")
        }
        for (settings, sockets) in zip(configuration.listeners, listeners) {
            announce(Self.announcement(settings.name, sockets[0].socket.localAddress))
        }
        if let metrics {
            announce(Self.announcement("metrics", metrics.socket.localAddress))
        }
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

    /// For each listener its sockets, one for each worker.
    private static func openListeners(
        _ configuration: Configuration, workers: Int
    ) throws(StartFault) -> [[Listener]] {
        var listeners: [[Listener]] = []
        for settings in configuration.listeners {
            do throws(SystemFault) {
                listeners.append(try Listener.open(settings.address, count: workers))
            } catch {
                throw StartFault("listener \(settings.name): \(error)")
            }
        }
        return listeners
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

    /// Serves until SIGTERM or SIGINT, then until what is in flight has ended or the drain's time
    /// is over; a second signal ends it at once.
    public func run() {
        var drainedBy: Instant?
        var memory = MemoryReturn()
        var watch = MemoryWatch()
        var looked = Moment.now().monotonic
        var swept = looked
        watch.look(at: looked, reloader.current)
        while !running.isOver {
            let signal = Signal.wait(milliseconds: drainedBy == nil ? 1_000 : 20)
            let moment = Moment.now()
            let now = moment.monotonic
            watch.look(at: now, reloader.current)
            if drainedBy == nil, now.since(looked) >= 5_000_000_000 {
                memory.look(at: now)
                looked = now
            }
            reloader.current.ticketKeys?.rotate(at: now)
            if now.since(swept) >= 60_000_000_000 {
                meters.sweep(at: moment)
                swept = now
            }
            switch signal {
            case .terminate, .interrupt:
                if drainedBy == nil {
                    drainedBy = now.advanced(milliseconds: reloader.drainMilliseconds)
                    post(.drain)
                } else {
                    post(.abort)
                }
            case .hangUp:
                log?.reopen()
                if drainedBy == nil { reloader.reload() }
            case .user1, nil: break
            }
            if let drainedBy, drainedBy <= now { post(.abort) }
        }
        for worker in workers { worker.join() }
        keeping?.keeper.stop()
        keeping?.thread.join()
        health.stop()
        checking.join()
        keys.stop()
        resolver.stop()
        resolving.join()
        metrics?.stop()
        metricsThread?.join()
        log?.stop()
    }

    private func post(_ letter: Letter) {
        for mailbox in mailboxes { mailbox.post(letter) }
    }
}
