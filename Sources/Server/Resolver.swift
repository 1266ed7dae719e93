import Kernel
import Proxy
import Synchronization
import Upstream

/// Finds out where the names of the upstreams' endpoints lead, off the workers, again and again.
final class Resolver: Sendable {
    private let targets: [UpstreamTarget]
    private let book: Lock<NameBook>
    private let stopping = Atomic<Bool>(false)
    private let waker: Waker

    init(_ targets: [UpstreamTarget], at now: Instant) throws(SystemFault) {
        self.targets = targets
        let names = targets.flatMap { target in
            target.endpoints.map {
                NameBook.Name(
                    host: $0.host, port: $0.port,
                    refreshMilliseconds: target.refreshMilliseconds)
            }
        }
        book = Lock(NameBook(names, at: now))
        waker = try Waker()
    }

    /// Of each upstream, of each of its endpoints.
    var addresses: [[[SocketAddress]]] {
        var rest = book.withLock { $0.addresses }[...]
        return targets.map { target in
            defer { rest = rest.dropFirst(target.endpoints.count) }
            return Array(rest.prefix(target.endpoints.count))
        }
    }

    /// Looks up every name that is due. Returns a text for each that failed, and whether any name
    /// leads elsewhere now.
    func resolveDue() -> (faults: [String], hasChanged: Bool) {
        var faults: [String] = []
        var hasChanged = false
        let now = Moment.now().monotonic
        for (place, name) in book.withLock({ $0.due(at: now) }) {
            var found: [SocketAddress] = []
            do throws(SystemFault) {
                found = try SocketAddress.resolve(host: name.host, port: name.port)
            } catch {
                faults.append("\(error)")
            }
            let answeredAt = Moment.now().monotonic
            let isNew = book.withLock { $0.answered(place, found, at: answeredAt) }
            hasChanged = hasChanged || isNew
        }
        return (faults, hasChanged)
    }

    /// Looks up until `stop`, and tells `changed` when an answer differs from the one before.
    func run(_ changed: ([[[SocketAddress]]]) -> Void) {
        while !stopping.load(ordering: .relaxed), let due = book.withLock({ $0.nextDue }) {
            let wait = due.since(Moment.now().monotonic)
            if waker.wait(milliseconds: Int32(clamping: (wait + 999_999) / 1_000_000)) { continue }
            if resolveDue().hasChanged { changed(addresses) }
        }
    }

    func stop() {
        stopping.store(true, ordering: .relaxed)
        waker.wake()
    }
}
