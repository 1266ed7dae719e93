import Kernel
import Synchronization
import Telemetry

/// A sink that answers as it is told and keeps what it took.
final class ScriptedSink: LogSink, Sendable {
    enum Answer: Sendable {
        /// Takes at most so many bytes.
        case take(Int)
        case fail
        case wouldBlock
    }

    struct State: Sendable {
        var answers: [Answer] = []
        var text: [UInt8] = []
        var reopened = 0
        var waited = 0
        var writes = 0
    }

    let state = Mutex(State())

    init(_ answers: [Answer] = []) { state.withLock { $0.answers = answers } }

    var text: String { state.withLock { String(decoding: $0.text, as: UTF8.self) } }

    func write(_ bytes: Span<UInt8>) -> WriteOutcome {
        var copy: [UInt8] = []
        for index in 0..<bytes.count { copy.append(bytes[index]) }
        return state.withLock { state in
            state.writes += 1
            let answer = state.answers.isEmpty ? .take(.max) : state.answers.removeFirst()
            switch answer {
            case .take(let limit):
                let taken = copy.prefix(limit)
                state.text += taken
                return .wrote(taken.count)
            case .fail: return .failed(28)
            case .wouldBlock: return .wouldBlock
            }
        }
    }

    func reopen() { state.withLock { $0.reopened += 1 } }
    func waitUntilWritable() { state.withLock { $0.waited += 1 } }
}
