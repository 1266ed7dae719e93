import Kernel
import Policies

/// The process whose place this one takes, as long as it lives.
final class Predecessor {
    private let channel: HandoverChannel
    private let limit: Int
    /// What it had counted when this process took over.
    private var before: [CounterFile.Entry] = []

    /// nil: there is none. `meters`: how many there may be.
    init?(_ inheritance: Inheritance, meters: Int) {
        guard let descriptor = inheritance.channel else { return nil }
        channel = HandoverChannel(Socket(adopting: descriptor))
        limit = CounterKeeper.largestFile(meters: meters)
    }

    /// Says that this process could begin, and waits for what was counted so far.
    func counters() throws(SystemFault) -> [CounterFile.Entry] {
        channel.say(.ready)
        guard let entries = receive() else {
            throw SystemFault.gone("the process before")
        }
        before = entries
        return entries
    }

    func serving() { channel.say(.serving) }

    /// Adds what it has counted since, when it says so. False: it has ended.
    func attend(_ meters: MeterTable, at moment: Moment) -> Bool {
        guard channel.hasNews else { return true }
        if let after = receive() { meters.add(from: before, to: after, at: moment) }
        return false
    }

    private func receive() -> [CounterFile.Entry]? {
        guard let text = channel.receive(limit: limit) else { return nil }
        return try? CounterFile.read(text.bytes)
    }
}
