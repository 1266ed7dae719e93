import Kernel
import Proxy
import Synchronization
import Upstream

/// Finds out where the names of the upstreams' endpoints lead, off the workers, again and again.
final class Resolver: Sendable {
    private struct Known {
        var targets: [UpstreamTarget]
        var book: NameBook
    }

    private let known: Lock<Known>
    private let mustTell = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)
    private let waker: Waker

    init(_ targets: [UpstreamTarget], at now: Instant) throws(SystemFault) {
        known = Lock(Known(targets: targets, book: NameBook(Self.names(of: targets), at: now)))
        waker = try Waker()
    }

    private static func names(of targets: [UpstreamTarget]) -> [NameBook.Name] {
        targets.flatMap { target in target.endpoints.map { name(of: $0, target) } }
    }

    private static func name(
        of endpoint: EndpointTarget, _ target: UpstreamTarget
    ) -> NameBook.Name {
        NameBook.Name(
            host: endpoint.host, port: endpoint.port,
            refreshMilliseconds: target.refreshMilliseconds)
    }

    /// Of each upstream, of each of its endpoints.
    var addresses: [(target: UpstreamTarget, addresses: [[SocketAddress]])] {
        known.withLock { known in
            known.targets.map { target in
                let found = target.endpoints.map {
                    known.book.addresses(of: Self.name(of: $0, target))
                }
                return (target, found)
            }
        }
    }

    /// Looks up the names of these from now on, and what is new among them at once. Returns a text
    /// for each that failed.
    func follow(_ targets: [UpstreamTarget], at now: Instant) -> [String] {
        known.withLock { known in
            known.targets = targets
            known.book.follow(Self.names(of: targets), at: now)
        }
        return resolveDue().faults
    }

    /// Looks up every name that is due. Returns a text for each that failed, and whether any name
    /// leads elsewhere now.
    func resolveDue() -> (faults: [String], hasChanged: Bool) {
        var faults: [String] = []
        var hasChanged = false
        let now = Moment.now().monotonic
        for name in known.withLock({ $0.book.due(at: now) }) {
            var found: [SocketAddress] = []
            do throws(SystemFault) {
                found = try SocketAddress.resolve(host: name.host, port: name.port)
            } catch {
                faults.append("\(error)")
            }
            let answeredAt = Moment.now().monotonic
            let isNew = known.withLock { $0.book.answered(name, found, at: answeredAt) }
            hasChanged = hasChanged || isNew
        }
        return (faults, hasChanged)
    }

    /// Looks up until `stop`, and tells `changed` when an answer differs from the one before.
    func run(_ changed: ([(target: UpstreamTarget, addresses: [[SocketAddress]])]) -> Void) {
        while !stopping.load(ordering: .acquiring) {
            let isWoken = waker.wait(milliseconds: patience)
            let isAsked = mustTell.exchange(false, ordering: .acquiringAndReleasing)
            if isAsked || !isWoken && resolveDue().hasChanged { changed(addresses) }
        }
    }

    private var patience: Int32 {
        guard let due = known.withLock({ $0.book.nextDue }) else { return -1 }
        let wait = due.since(Moment.now().monotonic)
        return Int32(clamping: (wait + 999_999) / 1_000_000)
    }

    /// Has the thread tell everything once more: what it told while the workers went over to other
    /// upstreams may not have met them.
    func tellAgain() {
        mustTell.store(true, ordering: .releasing)
        waker.wake()
    }

    func stop() {
        stopping.store(true, ordering: .releasing)
        waker.wake()
    }
}
