import Kernel
import Proxy

/// A bound socket of one worker.
///
/// Every worker has a socket of its own on the same address (SO_REUSEPORT), so that the kernel
/// spreads the connections and no two workers are woken for one.
final class Listener: Sendable {
    let socket: Socket
    let traits: ListenerTraits

    private init(_ socket: consuming Socket, _ traits: ListenerTraits) {
        self.socket = socket
        self.traits = traits
    }

    /// One listener for each worker. Port 0 is settled by the first.
    static func open(
        _ address: SocketAddress, traits: ListenerTraits, count: Int
    ) throws(SystemFault) -> [Listener] {
        let first = Listener(try Socket.listen(on: address), traits)
        let settled = first.socket.localAddress ?? address
        var all = [first]
        while all.count < count {
            all.append(Listener(try Socket.listen(on: settled), traits))
        }
        return all
    }
}
