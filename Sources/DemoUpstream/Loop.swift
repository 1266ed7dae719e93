import HTTP
import Kernel

/// The one thread of the demo upstream: its listener, its connections, its clock.
final class Loop {
    private static let listenerToken = UInt64.max
    private static let stopToken = UInt64.max - 1
    private static let connectionLimit = 512
    private static let graceMilliseconds = 5_000

    private var listener: Socket?
    let localAddress: SocketAddress?
    private let poller: Poller
    private let stop: Waker
    private let heads = HeadPool()
    private let files = FileShelf()
    private var connections: [Connection?]
    private var freeSlots: [Int]
    private var generation: UInt64 = 0
    private var wheel: TimerWheel
    private var expired: [UInt64] = []
    /// Connections that had more to read when their share of a turn was over.
    private var unread: [UInt64] = []
    private var deadline: Instant?
    private var now: Instant

    init(on address: SocketAddress, until stop: Waker) throws(SystemFault) {
        self.stop = stop
        now = Moment.now().monotonic
        wheel = TimerWheel(at: now)
        connections = Array(repeating: nil, count: Self.connectionLimit)
        freeSlots = Array(0..<Self.connectionLimit)
        poller = try Poller()
        let listener = try Socket.listen(on: address, sharingPort: false)
        localAddress = listener.localAddress
        try poller.watchLevel(listener.descriptor, token: Self.listenerToken)
        try poller.watchLevel(stop.descriptor, token: Self.stopToken)
        self.listener = consume listener
    }

    /// It was told to stop, and the answers under way have ended or had their time.
    var isOver: Bool {
        guard let deadline else { return false }
        return freeSlots.count == Self.connectionLimit || deadline <= now
    }

    func turn() {
        let count = poller.wait(milliseconds: patience())
        now = Moment.now().monotonic
        for index in 0..<count {
            let (token, _) = poller.event(index)
            switch token {
            case Self.listenerToken: accept()
            case Self.stopToken: beginStop()
            default: serve(token)
            }
        }
        let again = unread
        unread.removeAll(keepingCapacity: true)
        for token in again { serve(token) }
        expired.removeAll(keepingCapacity: true)
        wheel.expire(at: now, into: &expired)
        for token in expired {
            if token == Self.listenerToken { resumeAccepting() }
            connection(token)?.armed = nil
            serve(token)
        }
    }

    private func patience() -> Int32 {
        if !unread.isEmpty { return 0 }
        var due = wheel.nextDue
        if let deadline { due = min(due ?? deadline, deadline) }
        guard let due else { return -1 }
        let wait = due.since(Moment.now().monotonic)
        return Int32(truncatingIfNeeded: min((wait + 999_999) / 1_000_000, 60_000))
    }

    private func connection(_ token: UInt64) -> Connection? {
        let slot = Int(token & 0xffff_ffff)
        guard slot < connections.count, let found = connections[slot] else { return nil }
        return found.token == token ? found : nil
    }

    /// Takes one connection a turn; beyond the limit it is closed at once.
    private func accept() {
        do {
            guard let accepted = try listener?.accept() else { return }
            guard let slot = freeSlots.popLast() else { return }
            adopt(accepted.take(), slot)
        } catch {
            // Out of descriptors: a listener that stays ready would be reported for ever.
            if let descriptor = listener?.descriptor { poller.ignore(descriptor) }
            wheel.arm(Self.listenerToken, at: now.advanced(milliseconds: 100))
        }
    }

    private func resumeAccepting() {
        guard let descriptor = listener?.descriptor else { return }
        try? poller.watchLevel(descriptor, token: Self.listenerToken)
    }

    private func adopt(_ socket: consuming Socket, _ slot: Int) {
        generation &+= 1
        let token = (generation & 0x7fff_ffff) << 32 | UInt64(slot)
        let codec = HTTP1Codec(
            role: .server, limits: CodecLimits(), heads: heads, isSecure: false)
        let session = Session(codec: codec, heads: heads, files: files)
        let connection = Connection(socket, token: token, session: session, at: now)
        connections[slot] = connection
        do {
            try poller.watch(connection.descriptor, token: token)
            serve(token)
        } catch {
            close(connection)
        }
    }

    private func serve(_ token: UInt64) {
        guard let connection = connection(token) else { return }
        if !connection.serve(at: now) { unread.append(token) }
        if connection.isOver(at: now) || deadline != nil && connection.session.isIdle {
            close(connection)
        } else if connection.armed.map({ $0 > connection.nextDue }) ?? true {
            connection.armed = connection.nextDue
            wheel.arm(token, at: connection.nextDue)
        }
    }

    private func close(_ connection: Connection) {
        let slot = Int(connection.token & 0xffff_ffff)
        connections[slot] = nil
        freeSlots.append(slot)
    }

    private func beginStop() {
        stop.acknowledge()
        poller.ignore(stop.descriptor)
        listener = nil
        deadline = now.advanced(milliseconds: Self.graceMilliseconds)
        for connection in connections {
            guard let connection else { continue }
            connection.session.shutDown()
            if connection.session.isIdle { close(connection) }
        }
    }
}
