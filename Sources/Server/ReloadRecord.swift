import Kernel
import Telemetry

/// How reloads have ended so far: written by the main thread, read for the metrics.
final class ReloadRecord: Sendable {
    private let record: Lock<ReloadReading>

    /// The start counts as the first success in time, not in number.
    init(started: UnixTime) { record = Lock(ReloadReading(lastSuccess: started)) }

    var reading: ReloadReading { record.withLock { $0 } }

    func succeeded(at time: UnixTime) {
        record.withLock { record in
            record.successes += 1
            record.lastSuccess = time
        }
    }

    func failed() { record.withLock { $0.failures += 1 } }
}
