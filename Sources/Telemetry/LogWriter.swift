import Kernel

/// Writes batches of lines to a sink and survives whatever the sink does.
///
/// What cannot be written is dropped and counted, a line at a time, and the count is itself written
/// as a line when writing works again. A line that broke off in the middle is ended, so that the
/// next one stands alone.
final class LogWriter {
    private let sink: any LogSink
    private var isInsideLine = false
    private(set) var droppedLines = 0
    private var note = ByteBuffer()
    private var timestamp = Timestamp()

    init(_ sink: any LogSink) { self.sink = sink }

    func reopen() {
        sink.reopen()
        isInsideLine = false
    }

    /// Writes `lines` and empties it. `isStopping` is asked whenever the sink makes us wait.
    func write(_ lines: inout ByteBuffer, isStopping: () -> Bool) {
        if isInsideLine, !lines.isEmpty {
            guard send("\n".utf8.span, isStopping) == 1 else { return drop(&lines) }
            isInsideLine = false
        }
        while !lines.isEmpty {
            let written = send(lines.bytes, isStopping)
            guard written > 0 else { return drop(&lines) }
            isInsideLine = lines.bytes[written - 1] != newline
            lines.consume(written)
        }
    }

    /// Writes how many lines were lost, here and before they came here.
    func writeDropped(total: Int, at time: UnixTime, isStopping: () -> Bool) -> Bool {
        note.removeAll()
        note.append("{\"time\":\"")
        timestamp.write(time, into: &note)
        note.append("\",\"event\":\"log_lines_dropped\",\"total\":")
        note.append(decimal: total)
        note.append("}\n")
        let before = droppedLines
        write(&note, isStopping: isStopping)
        let isWritten = droppedLines == before
        // The note itself is no loss.
        droppedLines = before
        return isWritten
    }

    /// Returns how many bytes went out, 0 when none ever will.
    private func send(_ bytes: Span<UInt8>, _ isStopping: () -> Bool) -> Int {
        while true {
            switch sink.write(bytes) {
            case .wrote(let count): return min(max(0, count), bytes.count)
            case .failed: return 0
            case .wouldBlock:
                if isStopping() { return 0 }
                sink.waitUntilWritable()
            }
        }
    }

    private func drop(_ lines: inout ByteBuffer) {
        droppedLines += countLines(lines.bytes)
        lines.removeAll()
    }
}

let newline = UInt8(ascii: "\n")

func countLines(_ bytes: Span<UInt8>) -> Int {
    var count = 0
    var index = 0
    while index < bytes.count {
        if bytes[index] == newline { count += 1 }
        index += 1
    }
    return count
}
