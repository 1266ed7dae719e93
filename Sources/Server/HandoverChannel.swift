import Kernel

/// What two processes say to each other while one takes the place of the other: words of one byte,
/// and texts behind their length.
///
///     new process ──ready──▶ old          it has read everything and could begin
///                 ◀──text───              the counters so far
///                 ─serving─▶              the old one drains from now on
///                 ◀──text───              the counters at its end
final class HandoverChannel: Sendable {
    /// What the new process says.
    enum Word: UInt8 {
        case ready = 0x72
        case serving = 0x73
    }

    /// What was heard.
    enum Heard: Equatable {
        case nothing
        case word(Word)
        /// The other process has closed its end, or does not speak this language.
        case end
    }

    private static let headBytes = 8
    private static let patienceMilliseconds: Int32 = 10_000

    private let socket: Socket

    init(_ socket: consuming Socket) { self.socket = socket }

    func say(_ word: Word) {
        var bytes = ByteBuffer()
        bytes.append(word.rawValue)
        _ = write(&bytes)
    }

    func listen() -> Heard {
        var bytes = ByteBuffer()
        switch socket.read(into: &bytes, atMost: 1) {
        case .wouldBlock: return .nothing
        case .bytes: return Word(rawValue: bytes.bytes[0]).map { .word($0) } ?? .end
        case .endOfFile, .failed: return .end
        }
    }

    /// False: the other process has gone, or does not read.
    @discardableResult
    func send(_ text: borrowing ByteBuffer) -> Bool {
        var head = ByteBuffer()
        for place in (0..<Self.headBytes).reversed() {
            head.append(UInt8(truncatingIfNeeded: text.count >> (8 * place)))
        }
        head.append(text)
        return write(&head)
    }

    private func write(_ rest: inout ByteBuffer) -> Bool {
        while !rest.isEmpty {
            switch socket.write(rest.bytes) {
            case .wrote(let count): rest.consume(count)
            case .wouldBlock:
                guard socket.waitUntilWritable(milliseconds: Self.patienceMilliseconds) else {
                    return false
                }
            case .failed: return false
            }
        }
        return true
    }

    /// Waits for a whole text of at most `limit` bytes; nil: the other process has gone, or says
    /// something else.
    func receive(limit: Int) -> ByteBuffer? {
        guard let head = receive(exactly: Self.headBytes) else { return nil }
        var count: UInt64 = 0
        for place in 0..<Self.headBytes { count = count << 8 | UInt64(head.bytes[place]) }
        guard count <= UInt64(limit) else { return nil }
        return receive(exactly: Int(count))
    }

    private func receive(exactly count: Int) -> ByteBuffer? {
        var bytes = ByteBuffer()
        while bytes.count < count {
            switch socket.read(into: &bytes, atMost: min(count - bytes.count, 65_536)) {
            case .bytes: break
            case .wouldBlock:
                guard socket.waitUntilReadable(milliseconds: Self.patienceMilliseconds) else {
                    return nil
                }
            case .endOfFile, .failed: return nil
            }
        }
        return bytes
    }

    /// Waits a moment for the other process to end, which closes its end.
    func awaitEnd() { socket.waitUntilReadable(milliseconds: 10) }

    /// Whether something can be received now, the end included.
    var hasNews: Bool { socket.waitUntilReadable(milliseconds: 0) }
}
