import Kernel
import Policies

/// Another process takes the place of this one: it gets the listening sockets and the counters, and
/// when it serves, this one finishes what it has under way (docs/decisions/0030).
///
/// Whatever goes wrong before leaves this one as it was.
final class Succession {
    /// How far it has come.
    enum Progress {
        case underWay
        case failed(String)
        /// The other process serves.
        case done(ChildProcess)
    }

    private let child: ChildProcess
    private let channel: HandoverChannel
    private let deadline: Instant
    private let patience: Int

    /// Starts the program anew, with the arguments this process was started with.
    init(
        _ arguments: [String], sockets: [Inheritance.Entry], milliseconds: Int, at now: Instant
    ) throws(SystemFault) {
        let pair = try Socket.pair()
        child = try ChildProcess.start(
            arguments, sockets: sockets, channel: pair.second.descriptor)
        channel = HandoverChannel(pair.takeFirst())
        patience = milliseconds
        deadline = now.advanced(milliseconds: milliseconds)
    }

    /// Looks what has happened. `counters` is asked once, when the other process wants to begin.
    func step(at now: Instant, counters: () -> ByteBuffer) -> Progress {
        switch channel.listen() {
        case .word(.ready): channel.send(counters())
        case .word(.serving): return .done(child)
        case .end:
            // It ends soon, if it has not yet.
            if let ending = child.ending() { return .failed("the new process \(ending)") }
        case .nothing: break
        }
        guard now < deadline else {
            abandon()
            return .failed("the new process did not serve within \(patience) ms")
        }
        return .underWay
    }

    /// Ends the other process, unless it serves already.
    func abandon() {
        child.kill()
        while child.ending() == nil { channel.awaitEnd() }
    }

    /// The counters at the end of this process.
    func finish(_ counters: borrowing ByteBuffer) { channel.send(counters) }
}
