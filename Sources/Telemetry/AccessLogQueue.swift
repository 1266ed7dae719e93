import Kernel
import Synchronization

/// Carries access-log lines from the workers to one thread that writes them.
///
/// Each worker has a mailbag of bounded size. The writer is woken by the first line after a silence
/// and then looks every 50 ms, or at once when a mailbag holds a batch: so a busy worker seldom
/// pays for a wake-up and an idle process does not wake up at all.
public final class AccessLogQueue: Sendable {
    /// A mailbag this full is collected without waiting.
    static let batchBytes = 65_536

    private static let gatherMilliseconds: Int32 = 50
    private static let keptCapacity = 262_144

    let boundBytes: Int
    let mailbags = Lock<[LogMailbag]>([])
    private let waker: Waker
    private let finished: Waker
    private let isDozing = Atomic<Bool>(false)
    private let isUrgent = Atomic<Bool>(false)
    private let mustReopen = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)
    private let flushesAsked = Atomic<Int>(0)
    private let flushesDone = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let thread = Lock<Thread?>(nil)

    init(boundBytes: Int) throws(SystemFault) {
        self.boundBytes = max(boundBytes, Self.batchBytes)
        waker = try Waker()
        finished = try Waker()
    }

    /// Starts the writer, to which `sink` belongs from then on. `boundBytes`: how much may wait for
    /// each worker.
    public static func start(
        _ sink: sending any LogSink, boundBytes: Int = 4_194_304
    ) throws(SystemFault) -> AccessLogQueue {
        let queue = try AccessLogQueue(boundBytes: boundBytes)
        let thread = try Thread.spawn(name: "access-log") { queue.run(LogWriter(sink)) }
        queue.thread.withLock { $0 = thread }
        return queue
    }

    /// A worker's end, to be used by one thread.
    public func makeOutbox() -> AccessLogOutbox {
        let mailbag = LogMailbag()
        mailbags.withLock { $0.append(mailbag) }
        return AccessLogOutbox(mailbag, self)
    }

    /// Lines lost so far, because the queue was full or the sink refused them.
    public var droppedLines: Int { dropped.load(ordering: .relaxed) }

    /// Opens the destination anew before the next batch (log rotation).
    public func reopen() {
        mustReopen.store(true, ordering: .releasing)
        waker.wake()
    }

    /// Waits until everything handed over before the call is written or dropped. Returns false when
    /// that took too long. One thread at a time may call it.
    @discardableResult
    public func flush(timeoutMilliseconds: Int32 = 5_000) -> Bool {
        let number = flushesAsked.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
        waker.wake()
        while flushesDone.load(ordering: .acquiring) < number {
            if !finished.wait(milliseconds: timeoutMilliseconds) {
                return flushesDone.load(ordering: .acquiring) >= number
            }
        }
        return true
    }

    /// Writes what was handed over and ends the writer. Returns false when the sink held it up for
    /// too long: the thread is then left behind.
    @discardableResult
    public func stop(timeoutMilliseconds: Int32 = 5_000) -> Bool {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let running else { return true }
        let isFlushed = flush(timeoutMilliseconds: timeoutMilliseconds)
        isStopping.store(true, ordering: .releasing)
        waker.wake()
        if isFlushed { running.join() }
        return isFlushed
    }

    func handedOver(isUrgent urgent: Bool) {
        if isDozing.exchange(false, ordering: .acquiringAndReleasing) {
            waker.wake()
        } else if urgent, !isUrgent.exchange(true, ordering: .acquiringAndReleasing) {
            waker.wake()
        }
    }
}

// The writer's thread.
extension AccessLogQueue {
    private func run(_ writer: LogWriter) {
        var batch = ByteBuffer()
        var report = LossReport()
        while true {
            let stops = isStopping.load(ordering: .acquiring)
            let flush = flushesAsked.load(ordering: .acquiring)
            isUrgent.store(false, ordering: .releasing)
            if mustReopen.exchange(false, ordering: .acquiringAndReleasing) { writer.reopen() }
            let hasWritten = drain(writer, &batch)
            let isFlush = flush != flushesDone.load(ordering: .relaxed)
            let hasLosses = tell(writer, &report, isLast: stops || isFlush)
            if flushesDone.exchange(flush, ordering: .acquiringAndReleasing) != flush {
                finished.wake()
            }
            if stops { return }
            if hasWritten {
                waker.wait(milliseconds: Self.gatherMilliseconds)
            } else {
                doze(milliseconds: hasLosses ? 1_000 : -1)
            }
        }
    }

    /// Sleeps until somebody calls. What was handed over before the flag stood would wake nobody,
    /// so the mailbags are looked at once more behind it.
    private func doze(milliseconds: Int32) {
        isDozing.store(true, ordering: .sequentiallyConsistent)
        let bags = mailbags.withLock { $0 }
        let isEmpty = bags.allSatisfy { bag in bag.lines.withLock { $0.isEmpty } }
        if isEmpty { waker.wait(milliseconds: milliseconds) }
        isDozing.store(false, ordering: .sequentiallyConsistent)
    }

    private func drain(_ writer: LogWriter, _ batch: inout ByteBuffer) -> Bool {
        var hasWritten = false
        let bags = mailbags.withLock { $0 }
        for bag in bags {
            bag.lines.withLock { waiting in swap(&waiting, &batch) }
            if batch.isEmpty { continue }
            hasWritten = true
            writer.write(&batch) { isStopping.load(ordering: .relaxed) }
            batch.removeAll(keepingCapacity: Self.keptCapacity)
        }
        return hasWritten
    }

    /// What was told of losses, and when.
    private struct LossReport {
        var total = 0
        var time = Instant(nanoseconds: 0)
    }

    /// Tells of losses, at most once a second. Returns whether there are some left to be told.
    private func tell(_ writer: LogWriter, _ last: inout LossReport, isLast: Bool) -> Bool {
        let bags = mailbags.withLock { $0 }
        var total = writer.droppedLines
        for bag in bags { total += bag.droppedLines.load(ordering: .relaxed) }
        dropped.store(total, ordering: .relaxed)
        guard total > last.total else { return false }
        let now = Moment.now()
        guard isLast || now.monotonic.since(last.time) >= 1_000_000_000 else { return true }
        last.time = now.monotonic
        let isWritten = writer.writeDropped(total: total, at: now.wall) {
            isStopping.load(ordering: .relaxed)
        }
        if isWritten { last.total = total }
        return !isWritten
    }
}
