import HTTP
import Kernel

/// A session and its socket.
final class Connection {
    private static let readBytes = 65_536
    /// More bytes than this that the codec has not taken yet hold up further reading.
    private static let inputBound = 131_072
    private static let outputBound = 262_144
    /// How long a connection that was ended early is read on, so that the answer is not lost to a
    /// reset.
    private static let lingerMilliseconds = 2_000

    /// A connection on which nothing moves for this long is closed.
    private static let quietMilliseconds = 300_000

    let token: UInt64
    let session: Session
    private let socket: Socket
    private var input = ByteBuffer()
    private var output = ByteBuffer()
    private var hasEnded = false
    private var isBroken = false
    private var lingersUntil: Instant?
    private var quietUntil: Instant
    /// The time for which an entry stands in the loop's timer wheel.
    var armed: Instant?

    init(_ socket: consuming Socket, token: UInt64, session: Session, at now: Instant) {
        quietUntil = now.advanced(milliseconds: Self.quietMilliseconds)
        self.socket = socket
        self.token = token
        self.session = session
    }

    var descriptor: Int32 { socket.descriptor }

    /// When the connection wants to be served though nothing has arrived.
    var nextDue: Instant { lingersUntil ?? session.nextDue ?? quietUntil }

    func isOver(at now: Instant) -> Bool {
        if isBroken || quietUntil <= now { return true }
        guard let lingersUntil else { return false }
        return hasEnded || lingersUntil <= now
    }

    /// Reads, answers and writes until the socket has no more. Returns false when it has, but has
    /// had its share of the turn.
    func serve(at now: Instant) -> Bool {
        session.advance(at: now)
        for _ in 0..<16 {
            proceed(at: now)
            guard !isBroken, !hasEnded, input.count < Self.inputBound else { return true }
            switch socket.read(into: &input, atMost: Self.readBytes) {
            case .bytes:
                quietUntil = now.advanced(milliseconds: Self.quietMilliseconds)
                if lingersUntil != nil { input.removeAll() }
            case .wouldBlock: return true
            case .failed: isBroken = true
            case .endOfFile:
                hasEnded = true
                session.receivedEndOfFile(at: now)
            }
        }
        proceed(at: now)
        return hasEnded || isBroken
    }

    private func proceed(at now: Instant) {
        guard lingersUntil == nil else { return }
        var hasMoved = true
        while hasMoved, !isBroken {
            let taken = session.receive(input.bytes, at: now)
            input.consume(taken)
            let written = flush(at: now)
            hasMoved = taken > 0 || written > 0
        }
        if session.isFinished, output.isEmpty {
            socket.shutDownWriting()
            input.removeAll()
            lingersUntil = now.advanced(milliseconds: Self.lingerMilliseconds)
        }
    }

    /// Writes what the socket takes and returns how many bytes that were.
    private func flush(at now: Instant) -> Int {
        var total = 0
        while true {
            session.write(into: &output, limit: Self.outputBound, at: now)
            if output.isEmpty { return total }
            switch socket.write(output.bytes) {
            case .wrote(let count):
                output.consume(count)
                total += count
                quietUntil = now.advanced(milliseconds: Self.quietMilliseconds)
            case .wouldBlock: return total
            case .failed:
                isBroken = true
                return total
            }
        }
    }
}
