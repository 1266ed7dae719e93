import Kernel
import Policies
import Proxy

/// What one thread tells a worker.
enum Letter: Sendable {
    /// Where the names of the upstreams' endpoints lead now.
    case resolved([(target: UpstreamTarget, addresses: [[SocketAddress]])])
    /// What active checks found of the upstreams' endpoints.
    case checked([(target: UpstreamTarget, isHealthy: [Bool])])
    /// What the snapshot's token issuer of that index signs with now.
    case keys(Int, KeySet)
    /// Go over to another configuration.
    case adopt(Adoption)
    /// Take nothing new, finish what is in flight, leave. Patiently: there is another process for
    /// whoever comes, so that nobody's connection has to be closed at a bad moment.
    case drain(isPatient: Bool)
    /// Leave at once.
    case abort
}

/// The only way into a worker from another thread.
final class Mailbox: Sendable {
    private let letters = Lock<[Letter]>([])
    private let waker: Waker

    init() throws(SystemFault) { waker = try Waker() }

    /// One for each worker.
    static func each(of count: Int) throws(SystemFault) -> [Mailbox] {
        var all: [Mailbox] = []
        for _ in 0..<count { all.append(try Mailbox()) }
        return all
    }

    /// Readable when there are letters.
    var descriptor: Int32 { waker.descriptor }

    func post(_ letter: Letter) {
        letters.withLock { $0.append(letter) }
        waker.wake()
    }

    func takeAll() -> [Letter] {
        waker.acknowledge()
        return letters.withLock { letters in
            let taken = letters
            letters = []
            return taken
        }
    }
}
