import Kernel
import Proxy
import Synchronization

/// Finds out where the names of the upstreams lead, off the workers, again and again.
///
/// The last good answer stays in force while a name does not resolve.
final class Resolver: Sendable {
    private let targets: [UpstreamTarget]
    private let known: Lock<[[SocketAddress]]>
    private let stopping = Atomic<Bool>(false)
    private let waker: Waker
    /// Between two look-ups of every name; sooner while one has never resolved.
    private static let refreshMilliseconds: Int32 = 30_000
    private static let retryMilliseconds: Int32 = 1_000

    init(_ targets: [UpstreamTarget]) throws(SystemFault) {
        self.targets = targets
        known = Lock(Array(repeating: [], count: targets.count))
        waker = try Waker()
    }

    var addresses: [[SocketAddress]] { known.withLock { $0 } }

    /// Looks every name up once. Returns a text for each that failed.
    func resolveAll() -> [String] {
        var faults: [String] = []
        for (index, target) in targets.enumerated() {
            do throws(SystemFault) {
                let found = try SocketAddress.resolve(host: target.host, port: target.port)
                known.withLock { $0[index] = found }
            } catch {
                faults.append("upstream \(target.name): \(error)")
            }
        }
        return faults
    }

    /// Only literal addresses: nothing will ever change.
    private var isFixed: Bool { targets.allSatisfy { IPAddress($0.host) != nil } }

    /// Looks up until `stop`, and tells `changed` when an answer differs from the one before.
    func run(_ changed: ([[SocketAddress]]) -> Void) {
        guard !isFixed else { return }
        while !stopping.load(ordering: .relaxed) {
            let isComplete = addresses.allSatisfy { !$0.isEmpty }
            let pause = isComplete ? Self.refreshMilliseconds : Self.retryMilliseconds
            if waker.wait(milliseconds: pause) { continue }
            let before = addresses
            _ = resolveAll()
            let after = addresses
            if after != before { changed(after) }
        }
    }

    func stop() {
        stopping.store(true, ordering: .relaxed)
        waker.wake()
    }
}
