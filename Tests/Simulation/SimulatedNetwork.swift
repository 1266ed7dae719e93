import Kernel
import Proxy

/// Where the gateway's connections to upstreams lead: to lines that wait for the schedule to decide
/// what becomes of them.
final class SimulatedNetwork: Network {
    var connecting: [Line] = []
    /// No attempt gets as far as a line.
    var isDown = false
    private(set) var attempts = 0
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    func connect(to address: SocketAddress, token: Token) throws(SystemFault) -> any Wire {
        attempts += 1
        if isDown { throw SystemFault("connect", code: 101) }
        let line = Line(1_000 + attempts, capacity: capacity)
        line.token = token.rawValue
        connecting.append(line)
        return SimulatedWire(line)
    }
}
