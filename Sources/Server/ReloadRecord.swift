import Kernel
import Policies
import Telemetry

/// How reloads have ended so far, and the caps in force: written by the main thread, read for the
/// metrics.
final class ReloadRecord: Sendable {
    private struct State: Sendable {
        var reading: ReloadReading
        var limit: ProcessLimit?
    }

    private let state: Lock<State>

    /// The start counts as the first success in time, not in number.
    init(started: UnixTime, limit: ProcessLimit?) {
        state = Lock(State(reading: ReloadReading(lastSuccess: started), limit: limit))
    }

    var reading: ReloadReading { state.withLock { $0.reading } }

    func succeeded(at time: UnixTime, limit: ProcessLimit?) {
        state.withLock { state in
            state.reading.successes += 1
            state.reading.lastSuccess = time
            state.limit = limit
        }
    }

    func failed() { state.withLock { $0.reading.failures += 1 } }

    /// Where the process stands in its month; nil: it has no caps.
    func month(at moment: Moment) -> MonthReading? {
        let limit = state.withLock { $0.limit }
        return limit.map {
            MonthReading(
                requests: $0.count(at: moment), softCap: $0.softCap, hardCap: $0.hardCap)
        }
    }
}
