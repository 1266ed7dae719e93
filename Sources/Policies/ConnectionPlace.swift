import Kernel

/// One connection's place among those of its address; free again when it goes.
public struct ConnectionPlace: ~Copyable {
    private let network: IPAddress
    private let owner: AddressConnections

    init(_ network: IPAddress, _ owner: AddressConnections) {
        self.network = network
        self.owner = owner
    }

    deinit { owner.leave(network) }
}
