import Kernel

/// A bound socket of one worker.
///
/// Every worker has a socket of its own on the same address (SO_REUSEPORT), so that the kernel
/// spreads the connections and no two workers are woken for one.
final class Listener: Sendable {
    let socket: Socket

    private init(_ socket: consuming Socket) { self.socket = socket }

    /// One listener for each worker. Port 0 is settled by the first.
    static func open(
        _ address: SocketAddress, count: Int
    ) throws(SystemFault) -> [Listener] {
        let first = Listener(try Socket.listen(on: address))
        let settled = first.socket.localAddress ?? address
        var all = [first]
        while all.count < count {
            all.append(Listener(try Socket.listen(on: settled)))
        }
        return all
    }
}
