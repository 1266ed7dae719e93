import Kernel

/// How many connections each client address has open, those of all workers together.
///
/// An IPv6 client owns a network of 64 bits and counts as one. There are never more entries than
/// counted connections, so whatever bounds those bounds the memory.
public final class AddressConnections: Sendable {
    private let counts = Lock([IPAddress: Int]())

    public init() {}

    /// A place for one more connection of `address`; nil: it has `bound` already.
    public func enter(_ address: IPAddress, atMost bound: Int) -> ConnectionPlace? {
        let network = address.network
        let isFree = counts.withLock { counts in
            let open = counts[network, default: 0]
            guard open < bound else { return false }
            counts[network] = open + 1
            return true
        }
        return isFree ? ConnectionPlace(network, self) : nil
    }

    func leave(_ network: IPAddress) {
        counts.withLock { counts in
            guard let open = counts[network] else { return }
            counts[network] = open > 1 ? open - 1 : nil
        }
    }

    /// Addresses that have a connection.
    package var addressCount: Int { counts.withLock { $0.count } }
}
