import Kernel

/// A bound socket.
///
/// Of those this program binds every worker has one of its own on the same address (SO_REUSEPORT),
/// so that the kernel spreads the connections and no two workers are woken for one.
final class Listener: Sendable {
    /// Marks the names of sockets that the program itself has bound, which no listener's name can
    /// begin with.
    private static let mark = "@"

    let socket: Socket
    let name: String
    /// The service manager has bound it, and goes on to hold it.
    let isActivated: Bool
    let address: SocketAddress?

    /// Binds another one.
    init(
        on address: SocketAddress, name: String, backlog: Int32 = 4096, sharingPort: Bool = true
    ) throws(SystemFault) {
        socket = try Socket.listen(on: address, backlog: backlog, sharingPort: sharingPort)
        self.name = name
        isActivated = false
        self.address = socket.localAddress
    }

    /// nil: what was inherited is no such socket.
    init?(inheriting entry: Inheritance.Entry) {
        guard let socket = Socket(inheriting: entry) else { return nil }
        isActivated = !entry.name.hasPrefix(Self.mark)
        name = isActivated ? entry.name : String(entry.name.dropFirst(Self.mark.count))
        address = socket.localAddress
        self.socket = socket
    }

    /// For another process.
    var entry: Inheritance.Entry {
        Inheritance.Entry(
            name: isActivated ? name : Self.mark + name, descriptor: socket.descriptor)
    }
}

extension Listener: CustomStringConvertible {
    var description: String { "\"\(name)\" at \(address.map(\.description) ?? "no address")" }
}
