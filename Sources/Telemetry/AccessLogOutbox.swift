import HTTP
import Kernel
import Synchronization

/// Lines on their way from one worker to the writer.
final class LogMailbag: Sendable {
    let lines = Lock(ByteBuffer())
    let droppedLines = Atomic<Int>(0)

    /// Returns how many bytes wait now, nil when there was no room and the lines were dropped.
    func add(_ fresh: borrowing ByteBuffer, boundBytes: Int) -> Int? {
        let total: Int? = lines.withLock { waiting in
            guard waiting.count + fresh.count <= boundBytes else { return nil }
            waiting.append(fresh.bytes)
            return waiting.count
        }
        if total == nil { droppedLines.wrappingAdd(countLines(fresh.bytes), ordering: .relaxed) }
        return total
    }
}

/// One worker's end of the access log. Appending costs no lock and no system call; handing over,
/// once a loop turn, costs a copy under a lock that the writer holds only to swap two buffers.
public final class AccessLogOutbox {
    private let mailbag: LogMailbag
    private let queue: AccessLogQueue
    private var lines = ByteBuffer()
    private var timestamp = Timestamp()

    init(_ mailbag: LogMailbag, _ queue: AccessLogQueue) {
        self.mailbag = mailbag
        self.queue = queue
    }

    public func append(
        _ record: borrowing AccessLogRecord, path: Span<UInt8>, methodText: Span<UInt8>,
        model: Span<UInt8>
    ) {
        record.write(
            path: path, methodText: methodText, model: model, &timestamp, into: &lines)
        if lines.count >= AccessLogQueue.batchBytes { handOver() }
    }

    /// Gives what was appended to the writer; called once a loop turn. Lines that find the queue
    /// full are dropped and counted: the log never holds up a request.
    public func handOver() {
        guard !lines.isEmpty else { return }
        let waiting = mailbag.add(lines, boundBytes: queue.boundBytes)
        lines.removeAll(keepingCapacity: 2 * AccessLogQueue.batchBytes)
        queue.handedOver(isUrgent: (waiting ?? .max) >= AccessLogQueue.batchBytes)
    }
}
