import Kernel
import Telemetry

/// A sink whose first write hangs until the gate is opened.
final class GatedSink: LogSink, Sendable {
    private let inner = ScriptedSink()
    private let asked: Waker
    private let gate: Waker

    init() throws {
        asked = try Waker()
        gate = try Waker()
    }

    var text: String { inner.text }

    func waitUntilAsked() { asked.wait(milliseconds: -1) }
    func open() { gate.wake() }

    func write(_ bytes: Span<UInt8>) -> WriteOutcome {
        if inner.text.isEmpty {
            asked.wake()
            gate.wait(milliseconds: -1)
        }
        return inner.write(bytes)
    }

    func reopen() {}
    func waitUntilWritable() {}
}
