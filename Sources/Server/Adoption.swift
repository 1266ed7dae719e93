import Kernel
import Proxy
import Synchronization

/// What the workers go over to at a reload, and whether all of them have.
final class Adoption: Sendable {
    let snapshot: Snapshot
    /// Of the endpoints of its upstreams.
    let addresses: [[[SocketAddress]]]
    /// Of the listeners, in their order: for connections that come from now on.
    let traits: [ListenerTraits]
    private let missing: Atomic<Int>
    private let completion: Waker

    init(
        _ generation: Generation, addresses: [[[SocketAddress]]], workers: Int
    ) throws(SystemFault) {
        snapshot = generation.snapshot
        self.addresses = addresses
        traits = generation.traits
        missing = Atomic(workers)
        completion = try Waker()
    }

    /// One worker has gone over.
    func taken() {
        if missing.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { completion.wake() }
    }

    /// Waits until all workers have; false when the time is over before.
    func wait(milliseconds: Int32) -> Bool { completion.wait(milliseconds: milliseconds) }
}
