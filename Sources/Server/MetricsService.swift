import Configuration
import Kernel
import Synchronization
import Telemetry

/// Shows the metrics to whoever asks, on a thread and a listener of its own: no worker takes part,
/// so none can be held up by it.
final class MetricsService: Sendable {
    let registry: MetricRegistry
    let socket: Socket
    let connectionLimit: Int
    let timeout: Int
    let stopping: Waker
    private let started: UnixTime
    private let tokenKeys: [KeySetSource]
    private let reloads: ReloadRecord
    private let scrapes = Atomic<Int>(0)

    private init(
        _ settings: MetricsSettings, on address: SocketAddress, _ registry: MetricRegistry,
        started: UnixTime, tokenKeys: [KeySetSource], reloads: ReloadRecord
    ) throws(SystemFault) {
        self.registry = registry
        self.tokenKeys = tokenKeys
        self.started = started
        self.reloads = reloads
        connectionLimit = settings.connections
        timeout = settings.timeout
        stopping = try Waker()
        socket = try Socket.listen(on: address, backlog: 64, sharingPort: false)
    }

    /// Binds the address; nil when there is to be no such listener.
    static func open(
        _ settings: MetricsSettings, _ registry: MetricRegistry?, started: UnixTime,
        tokenKeys: [KeySetSource], reloads: ReloadRecord
    ) throws(StartFault) -> MetricsService? {
        guard let address = settings.listen, let registry else { return nil }
        do throws(SystemFault) {
            return try MetricsService(
                settings, on: address, registry, started: started, tokenKeys: tokenKeys,
                reloads: reloads)
        } catch {
            throw StartFault(
                "metrics.listen: \(error); set metrics.listen to another address, or to off")
        }
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

    /// The thread ends soon afterwards.
    func stop() { stopping.wake() }

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
