import Kernel
import Policies

/// What one thread tells a worker.
enum Letter: Sendable {
    /// Where the names of the upstreams' endpoints lead now, in the snapshot's order.
    case resolved([[[SocketAddress]]])
    /// What active checks found of the upstreams' endpoints, in the snapshot's order.
    case checked([[Bool]])
    /// What the snapshot's token issuer of that index signs with now.
    case keys(Int, KeySet)
    /// Go over to another configuration.
    case adopt(Adoption)
    /// Take nothing new, finish what is in flight, leave.
    case drain
    /// Leave at once.
    case abort
}

/// The only way into a worker from another thread.
final class Mailbox: Sendable {
    private let letters = Lock<[Letter]>([])
    private let waker: Waker

    init() throws(SystemFault) { waker = try Waker() }

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
