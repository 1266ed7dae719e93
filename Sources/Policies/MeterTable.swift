import Kernel
import Synchronization

/// The meters by what they count, kept across configuration reloads.
///
/// The data path holds the meters themselves; it comes here only for a user whose token it has just
/// verified for the first time.
public final class MeterTable: Sendable {
    /// What a meter counts.
    public enum Subject: Hashable, Sendable {
        /// All requests of the process together.
        case process
        case key(String)
        case project(String)
        case user(project: String, [UInt8])
    }

    /// There are as many meters as the table may hold.
    public struct Full: Error, Equatable, Sendable {
        public let bound: Int
        public init(bound: Int) { self.bound = bound }
    }

    /// Parts with a lock each, so that sweeping stops nobody for long.
    private final class Shard: Sendable {
        let meters = Lock<[Subject: Meter]>([:])
    }

    private let bound: Int
    private let used = Atomic<Int>(0)
    private let shards = (0..<64).map { _ in Shard() }

    public init(bound: Int = 1_000_000) { self.bound = bound }

    /// Counts for the process as a whole.
    public let process = Meter()

    public var count: Int { used.load(ordering: .relaxed) }

    /// The meter of that subject, made at the first call.
    public func meter(for subject: Subject) throws(Full) -> Meter {
        let shard = shards[Int(UInt(bitPattern: subject.hashValue) % UInt(shards.count))]
        let meter: Meter? = shard.meters.withLock { meters in
            if let known = meters[subject] { return known }
            guard used.wrappingAdd(1, ordering: .relaxed).newValue <= bound else {
                used.wrappingSubtract(1, ordering: .relaxed)
                return nil
            }
            let fresh = Meter()
            meters[subject] = fresh
            return fresh
        }
        guard let meter else { throw Full(bound: bound) }
        return meter
    }

    /// What is to be kept of days and months.
    public func records(at moment: Moment) -> [CounterFile.Entry] {
        var entries = [CounterFile.Entry(.process, process.record(at: moment))]
        for shard in shards {
            // Copied first: whoever meets a new user waits for this lock.
            let meters = shard.meters.withLock { $0 }
            for (subject, meter) in meters {
                entries.append(CounterFile.Entry(subject, meter.record(at: moment)))
            }
        }
        return entries.filter { !$0.record.isEmpty }
    }

    /// Goes on counting where the entries left off. Returns how many found no room.
    public func restore(_ entries: [CounterFile.Entry], at moment: Moment) -> Int {
        var lost = 0
        for entry in entries {
            do throws(Full) {
                let meter = entry.subject == .process ? process : try meter(for: entry.subject)
                meter.restore(entry.record, at: moment)
            } catch {
                lost += 1
            }
        }
        return lost
    }

    /// Adds what another process has counted between two records of its meters.
    public func add(
        from before: [CounterFile.Entry], to after: [CounterFile.Entry], at moment: Moment
    ) {
        var growth: [Subject: (before: MeterRecord, after: MeterRecord)] = [:]
        for entry in before { growth[entry.subject] = (entry.record, MeterRecord()) }
        for entry in after {
            growth[entry.subject, default: (MeterRecord(), MeterRecord())].after = entry.record
        }
        for (subject, records) in growth {
            let meter = subject == .process ? process : try? meter(for: subject)
            meter?.add(from: records.before, to: records.after, at: moment)
        }
    }

    /// Forgets the meters that nobody holds and whose windows have passed: a key that is taken out
    /// and put back within its month has not won anything. Returns how many were forgotten.
    @discardableResult
    public func sweep(at moment: Moment) -> Int {
        var forgotten = 0
        for shard in shards {
            forgotten += shard.meters.withLock { Self.sweep(&$0, at: moment) }
        }
        used.wrappingSubtract(forgotten, ordering: .relaxed)
        return forgotten
    }

    private static func sweep(_ meters: inout [Subject: Meter], at moment: Moment) -> Int {
        var idle: [Subject] = []
        var index = meters.startIndex
        while index != meters.endIndex {
            if isKnownUniquelyReferenced(&meters.values[index]),
                meters.values[index].isIdle(at: moment)
            {
                idle.append(meters.keys[index])
            }
            index = meters.index(after: index)
        }
        for subject in idle { meters[subject] = nil }
        return idle.count
    }
}
