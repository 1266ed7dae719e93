import Kernel
import Testing

@testable import Telemetry

@Suite("The log's writer")
struct LogWriterTests {
    func write(_ writer: LogWriter, _ text: String, isStopping: Bool = false) {
        var lines = ByteBuffer()
        lines.append(utf8: text)
        writer.write(&lines) { isStopping }
        let isDone = lines.isEmpty
        #expect(isDone)
    }

    @Test("goes on after a partial write")
    func partial() {
        let sink = ScriptedSink([.take(1), .take(3), .take(2)])
        let writer = LogWriter(sink)
        write(writer, "first\nsecond\n")
        #expect(sink.text == "first\nsecond\n")
        #expect(writer.droppedLines == 0)
    }

    @Test("waits while the sink would block, and not any more when it is to stop")
    func blocked() {
        let sink = ScriptedSink([.wouldBlock, .wouldBlock])
        let writer = LogWriter(sink)
        write(writer, "a\n")
        #expect(sink.text == "a\n")
        #expect(sink.state.withLock { $0.waited } == 2)
        let stuck = LogWriter(ScriptedSink(Array(repeating: .wouldBlock, count: 10)))
        write(stuck, "a\nb\n", isStopping: true)
        #expect(stuck.droppedLines == 2)
    }

    @Test("drops and counts what a full disk refuses, then goes on with whole lines")
    func full() {
        let sink = ScriptedSink([.take(8), .fail, .fail])
        let writer = LogWriter(sink)
        write(writer, "first\nsecond\nthird\n")
        #expect(writer.droppedLines == 2)
        write(writer, "fourth\n")
        #expect(writer.droppedLines == 3)
        write(writer, "fifth\n")
        #expect(sink.text == "first\nse\nfifth\n")
        #expect(writer.droppedLines == 3)
    }

    @Test("drops at a sink that takes nothing instead of turning for ever")
    func zero() {
        let writer = LogWriter(ScriptedSink([.take(0)]))
        write(writer, "a\nb\n")
        #expect(writer.droppedLines == 2)
    }

    @Test("writes the count of losses, which is no loss itself when it fails")
    func report() {
        let sink = ScriptedSink([.fail])
        let writer = LogWriter(sink)
        let time = UnixTime(seconds: 0)
        #expect(!writer.writeDropped(total: 7, at: time) { false })
        #expect(writer.writeDropped(total: 7, at: time) { false })
        #expect(writer.droppedLines == 0)
        let note =
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"log_lines_dropped\","
            + "\"total\":7}\n"
        #expect(sink.text == note)
    }
}
