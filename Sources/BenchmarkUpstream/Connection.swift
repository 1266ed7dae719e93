import Kernel

/// One client connection: what it has sent, what it is owed.
final class Connection {
    /// Answers that are sent in parts, over many turns.
    enum Delivery {
        case none
        case blob(left: Int)
        case events(left: Int, delay: Int, due: Instant)
    }

    /// More unsent bytes than this hold up the connection's further requests.
    static let outputBound = 262_144

    let socket: Socket
    let token: UInt64
    var reader = RequestReader()
    var input = ByteBuffer()
    var output = ByteBuffer()
    var delivery = Delivery.none
    /// The connection ends when the output has left.
    var isLast = false
    var isBroken = false

    init(_ socket: consuming Socket, token: UInt64) {
        self.socket = socket
        self.token = token
    }

    var isDelivering: Bool {
        if case .none = delivery { false } else { true }
    }

    var isOver: Bool { isBroken || isLast && !isDelivering && output.isEmpty }

    /// Sends the first `count` bytes of `buffer` now if nothing waits before them and no request
    /// behind them, else together with the rest.
    func send(_ buffer: borrowing ByteBuffer, count: Int) {
        guard output.isEmpty, input.isEmpty else { return append(buffer, count: count) }
        switch socket.write(buffer.slice(0..<count)) {
        case .wrote(let sent): output.append(buffer.slice(sent..<count))
        case .wouldBlock: append(buffer, count: count)
        case .failed: isBroken = true
        }
    }

    func append(_ buffer: borrowing ByteBuffer, count: Int) {
        output.append(buffer.slice(0..<count))
    }

    /// Writes what waits. Returns whether all of it has left.
    func flush() -> Bool {
        while !output.isEmpty, !isBroken {
            switch socket.write(output.bytes) {
            case .wrote(let count): output.consume(count)
            case .wouldBlock: return false
            case .failed: isBroken = true
            }
        }
        return true
    }
}
