import HTTP
import Kernel
import Telemetry

/// The thread of the metrics: a few connections, one after the other, as each is ready.
final class MetricsLoop {
    private static let listenerToken = UInt64.max
    private static let newsToken = UInt64.max - 1
    /// How long accepting rests when no descriptor is left.
    private static let restMilliseconds = 100

    private let service: MetricsService
    private let log: AccessLogQueue?
    private let poller: Poller
    private let heads = HeadPool(bound: 16)
    private var connections: [MetricsConnection?]
    private var count = 0
    private var isListening = false
    private var restUntil: Instant?

    init(_ service: MetricsService, _ log: AccessLogQueue?) throws(SystemFault) {
        self.service = service
        self.log = log
        poller = try Poller()
        connections = Array(repeating: nil, count: service.connectionLimit)
        try poller.watchLevel(service.waker.descriptor, token: Self.newsToken)
    }

    func run() {
        while !service.isStopping {
            listen(at: .now())
            turn()
        }
    }

    private func turn() {
        let ready = poller.wait(milliseconds: patience)
        let now = Instant.now()
        var isCalled = false
        for index in 0..<ready {
            let (token, _) = poller.event(index)
            switch token {
            case Self.listenerToken: isCalled = true
            case Self.newsToken: service.waker.acknowledge()
            default: connections[Int(token)]?.progress(at: now)
            }
        }
        for (slot, connection) in connections.enumerated() {
            guard let connection, connection.isOver(at: now) else { continue }
            connections[slot] = nil
            count -= 1
        }
        // Behind the events, so that none of them can mean a connection that came just now.
        if isCalled, !service.isLeaving { accept(at: now) }
    }

    private var patience: Int32 {
        if restUntil != nil { return Int32(Self.restMilliseconds) }
        return count > 0 ? 1_000 : -1
    }

    /// Looks for new connections again when there is a place for one.
    private func listen(at now: Instant) {
        guard !service.isLeaving else { return leave() }
        guard !isListening, count < connections.count, restUntil.map({ $0 <= now }) ?? true else {
            return
        }
        restUntil = nil
        do throws(SystemFault) {
            try poller.watchLevel(service.listener.socket.descriptor, token: Self.listenerToken)
            isListening = true
        } catch {
            rest(at: now)
        }
    }

    private func leave() {
        if isListening { ignoreListener() }
        restUntil = nil
    }

    private func accept(at now: Instant) {
        guard let slot = connections.firstIndex(where: { $0 == nil }) else { return }
        do throws(SystemFault) {
            guard let accepted = try service.listener.socket.accept() else { return }
            let connection = MetricsConnection(
                accepted.take(), heads: heads, timeout: service.timeout, at: now,
                page: { [service, log] in service.page(log) })
            try poller.watch(connection.descriptor, token: UInt64(slot))
            connections[slot] = connection
            count += 1
            if count == connections.count { ignoreListener() }
        } catch {
            rest(at: now)
        }
    }

    private func ignoreListener() {
        poller.ignore(service.listener.socket.descriptor)
        isListening = false
    }

    private func rest(at now: Instant) {
        if isListening { ignoreListener() }
        restUntil = now.advanced(milliseconds: Self.restMilliseconds)
    }
}
