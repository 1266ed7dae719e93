import Configuration
import Kernel

/// The sockets of all listeners: those that were inherited, and for the rest sockets of this
/// process's own, one for each worker.
struct ListenerSockets {
    /// One of a worker's sockets, and whose it is.
    struct Place: Sendable {
        /// In the order of the configuration.
        let listener: Int
        let socket: Listener
        /// Other workers wait for connections there too.
        let isShared: Bool
    }

    /// Of each listener, in the order of the configuration.
    private var listeners: [(name: String, sockets: [Listener])] = []
    /// nil: there are to be no metrics.
    private(set) var metrics: Listener?
    /// What was inherited and is not taken yet.
    private var rest: [Listener] = []

    /// No listener of the configuration can have this name.
    private static let metricsName = "/metrics"

    /// Sockets of the service manager are recognised by address or by name, those of the process
    /// before by address, or by name where the system chose the port. `warn`: of those that nobody
    /// wants.
    init(
        _ configuration: Configuration, workers: Int, _ inheritance: Inheritance,
        warn: (String) -> Void
    ) throws(StartFault) {
        for entry in inheritance.sockets {
            guard let socket = Listener(inheriting: entry) else {
                throw StartFault(
                    "the inherited descriptor \(entry.descriptor) \"\(entry.name)\" is not a "
                        + "TCP socket that listens")
            }
            rest.append(socket)
        }
        for listener in configuration.listeners {
            do throws(SystemFault) {
                let sockets = try take(listener.name, listener.address, workers: workers)
                listeners.append((listener.name, sockets))
            } catch {
                throw StartFault("listener \(listener.name): \(error)")
            }
        }
        if let address = configuration.metrics.listen {
            do throws(SystemFault) {
                metrics = try takeMetrics(address)
            } catch {
                throw StartFault(
                    "metrics.listen: \(error); set metrics.listen to another address, or to off")
            }
        }
        // Whoever connects there waits in vain. What the process before has bound is closed.
        for socket in rest where socket.isActivated {
            warn("the socket \(socket) fits no listener")
        }
        rest = []
    }

    private mutating func takeMetrics(_ address: SocketAddress) throws(SystemFault) -> Listener {
        if let found = inherited(Self.metricsName, address).first { return found }
        return try Listener(
            on: address, name: Self.metricsName, backlog: 64, sharingPort: false)
    }

    private mutating func take(
        _ name: String, _ address: SocketAddress, workers: Int
    ) throws(SystemFault) -> [Listener] {
        var found = inherited(name, address)
        if found.contains(where: \.isActivated) { return found }
        while found.count < workers {
            // Port 0 is settled by the first.
            found.append(try Listener(on: found.first?.address ?? address, name: name))
        }
        return found
    }

    /// Takes what was inherited for the listener.
    private mutating func inherited(_ name: String, _ address: SocketAddress) -> [Listener] {
        var isWanted: (Listener) -> Bool = { $0.address == address }
        if !rest.contains(where: isWanted) {
            isWanted = { socket in
                socket.name == name
                    && (socket.isActivated
                        || address.port == 0 && socket.address?.ip == address.ip)
            }
        }
        let found = rest.filter(isWanted)
        rest.removeAll(where: isWanted)
        return found
    }

    /// Where each listener can be reached.
    var addresses: [SocketAddress?] { listeners.map { $0.sockets[0].address } }

    /// What worker `index` of `workers` serves: with enough sockets it has some to itself, else it
    /// shares one.
    func places(ofWorker index: Int, of workers: Int) -> [Place] {
        var places: [Place] = []
        for (number, listener) in listeners.enumerated() {
            let sockets = listener.sockets
            guard sockets.count >= workers else {
                places.append(
                    Place(
                        listener: number, socket: sockets[index % sockets.count], isShared: true))
                continue
            }
            for place in stride(from: index, to: sockets.count, by: workers) {
                places.append(Place(listener: number, socket: sockets[place], isShared: false))
            }
        }
        return places
    }

    /// All of them, for another process.
    var entries: [Inheritance.Entry] {
        (listeners.flatMap(\.sockets) + [metrics].compactMap(\.self)).map(\.entry)
    }
}
