import Configuration
import Kernel
import Policies
import Synchronization

/// Keeps the days and months of the meters in a file, on a thread of its own.
///
/// What is lost when the process is killed are the requests of one interval.
final class CounterKeeper: Sendable {
    /// Bytes for each meter the table may hold, in the longest of lines that are usual.
    private static let lineBytes = 1_024

    private let file: WholeFile
    private let meters: MeterTable
    private let milliseconds: Int
    private let largest: Int
    private let stopping = Atomic<Bool>(false)
    /// Another process keeps the file.
    private let isHandedOver = Lock(false)
    private let waker: Waker

    /// Bytes of the file of so many meters, in lines that are usual.
    static func largestFile(meters: Int) -> Int { meters * lineBytes + lineBytes }

    /// Reads the file the configuration names and starts to keep it; nil: it names none.
    /// `isCurrent`: the meters know already what it would tell.
    static func start(
        _ configuration: Configuration, _ meters: MeterTable, isCurrent: Bool,
        _ warn: (String) -> Void
    ) throws(SystemFault) -> (keeper: CounterKeeper, thread: Thread)? {
        guard let path = configuration.stateFile else { return nil }
        let keeper = try CounterKeeper(
            path, meters, bound: configuration.limits.meters,
            milliseconds: configuration.stateInterval)
        if !isCurrent, let warning = keeper.load(at: Moment.now()) { warn(warning) }
        let thread = try Thread.spawn(name: "counters") {
            keeper.run { StandardStream.error.write("gatehouse: warning: \($0)\n") }
        }
        return (keeper, thread)
    }

    /// `bound`: how many meters there may be.
    private init(
        _ path: String, _ meters: MeterTable, bound: Int, milliseconds: Int
    ) throws(SystemFault) {
        file = WholeFile(path)
        self.meters = meters
        self.milliseconds = milliseconds
        largest = Self.largestFile(meters: bound)
        waker = try Waker()
    }

    /// Goes on counting where the file left off. One that cannot be believed is set aside. Returns
    /// what an operator should know.
    private func load(at moment: Moment) -> String? {
        let contents: ByteBuffer
        do throws(FileContents.Failure) {
            contents = try FileContents.read(file.path, limit: largest)
        } catch {
            return error.isAbsence ? nil : setAside("\(error)")
        }
        do throws(CounterFile.Corrupt) {
            let entries = try CounterFile.read(contents.bytes)
            let lost = meters.restore(entries, at: moment)
            return lost == 0 ? nil : "\(file.path): \(lost) counters more than limits.meters"
        } catch {
            return setAside("not whole")
        }
    }

    /// Writes at intervals until `stop`, and once more then.
    private func run(warn: (String) -> Void) {
        var isFailing = false
        var isLast = false
        while !isLast {
            waker.wait(milliseconds: Int32(clamping: milliseconds))
            isLast = stopping.load(ordering: .acquiring)
            do throws(SystemFault) {
                try write(at: Moment.now())
                isFailing = false
            } catch {
                if !isFailing { warn("the counters are not kept: \(error)") }
                isFailing = true
            }
        }
    }

    /// From now on the file is another process's. When this returns nothing more is written.
    func handOver() { isHandedOver.withLock { $0 = true } }

    /// It is this process's again.
    func takeBack() { isHandedOver.withLock { $0 = false } }

    /// After the last request.
    func stop() {
        stopping.store(true, ordering: .releasing)
        waker.wake()
    }

    private func write(at moment: Moment) throws(SystemFault) {
        var text = ByteBuffer()
        CounterFile.write(meters.records(at: moment), into: &text)
        let fault: SystemFault? = isHandedOver.withLock { isHandedOver in
            guard !isHandedOver else { return nil }
            do throws(SystemFault) {
                try file.replace(with: text.bytes)
                return nil
            } catch {
                return error
            }
        }
        if let fault { throw fault }
    }

    private func setAside(_ reason: String) -> String {
        do throws(SystemFault) {
            let aside = try file.setAside()
            return "\(file.path): \(reason); set aside as \(aside), counting begins anew"
        } catch {
            return "\(file.path): \(reason), and \(error); counting begins anew"
        }
    }
}
