import Kernel

/// A deterministic upstream in OpenAI's shape, for trying the gateway without a key or a model.
///
/// It speaks HTTP/1.1 in the clear and accepts any credential. The same request gets the same
/// answer, ids included: what looks made up is derived from a hash of the request. It keeps
/// uploaded files in memory, within a bound, and nothing else.
public enum DemoUpstream {
    /// Serves on `address` until `stop` is woken, then lets the answers under way end, for five
    /// seconds at most. The calling thread does all the work. `ready` is told the address in use,
    /// which matters where port 0 was asked for.
    public static func serve(
        on address: SocketAddress, until stop: Waker, ready: (SocketAddress) -> Void
    ) throws(SystemFault) {
        let loop = try Loop(on: address, until: stop)
        ready(loop.localAddress ?? address)
        while !loop.isOver { loop.turn() }
    }
}
