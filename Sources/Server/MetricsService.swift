import Configuration
import Kernel
import Synchronization
import Telemetry

/// Shows the metrics to whoever asks, on a thread and a listener of its own: no worker takes part,
/// so none can be held up by it.
final class MetricsService: Sendable {
    let registry: MetricRegistry
    let listener: Listener
    let connectionLimit: Int
    let timeout: Int
    /// For news to the thread.
    let waker: Waker
    private let started: UnixTime
    private let tokenKeys: [KeySetSource]
    private let reloads: ReloadRecord
    private let scrapes = Atomic<Int>(0)
    private let hasLeft = Atomic<Bool>(false)
    private let hasStopped = Atomic<Bool>(false)

    private init(
        _ settings: MetricsSettings, on listener: Listener, _ registry: MetricRegistry,
        started: UnixTime, tokenKeys: [KeySetSource], reloads: ReloadRecord
    ) throws(SystemFault) {
        self.registry = registry
        self.tokenKeys = tokenKeys
        self.started = started
        self.reloads = reloads
        connectionLimit = settings.connections
        timeout = settings.timeout
        waker = try Waker()
        self.listener = listener
    }

    /// nil: there is no listener for them, and nothing is counted.
    static func open(
        _ settings: MetricsSettings, on listener: Listener?, _ registry: MetricRegistry?,
        started: UnixTime, tokenKeys: [KeySetSource], reloads: ReloadRecord
    ) throws(SystemFault) -> MetricsService? {
        guard let listener, let registry else { return nil }
        return try MetricsService(
            settings, on: listener, registry, started: started, tokenKeys: tokenKeys,
            reloads: reloads)
    }

    /// `log`: the one whose losses are told.
    func start(_ log: AccessLogQueue?) throws(SystemFault) -> Thread {
        try Thread.spawn(name: "metrics") {
            do throws(SystemFault) {
                let loop = try MetricsLoop(self, log)
                loop.run()
            } catch {
                StandardStream.error.write("gatehouse: metrics: \(error)\n")
            }
        }
    }

    /// Another process answers from now on: nobody new is taken.
    func leave() {
        hasLeft.store(true, ordering: .releasing)
        waker.wake()
    }

    /// The thread ends soon afterwards.
    func stop() {
        hasStopped.store(true, ordering: .releasing)
        waker.wake()
    }

    var isLeaving: Bool { hasLeft.load(ordering: .acquiring) }
    var isStopping: Bool { hasStopped.load(ordering: .acquiring) }

    /// All metrics as they are now.
    func page(_ log: AccessLogQueue?) -> ByteBuffer {
        let count = scrapes.wrappingAdd(1, ordering: .relaxed).newValue
        return registry.text(
            MetricRegistry.ProcessReading(
                version: Gateway.version, started: started, usage: .now(),
                droppedLogLines: log?.droppedLines ?? 0, scrapes: count,
                tokenKeys: tokenKeys.map(\.reading), reloads: reloads.reading,
                month: reloads.month(at: Moment.now())))
    }
}
