import Kernel

/// The meters by key id, kept across configuration reloads.
///
/// Only the control side uses it, when it builds a `KeyTable`; the data path holds the meters
/// themselves.
public final class MeterTable: Sendable {
    /// There are as many meters as the table may hold.
    public struct Full: Error, Equatable, Sendable {
        public let bound: Int
    }

    private let bound: Int
    private let meters = Lock<[String: Meter]>([:])

    public init(bound: Int = 1_000_000) { self.bound = bound }

    /// Counts for the process as a whole.
    public let process = Meter()

    public var count: Int { meters.withLock { $0.count } }

    /// The meter of that key, made at the first call.
    public func meter(for keyID: String) throws(Full) -> Meter {
        let meter: Meter? = meters.withLock { meters in
            if let known = meters[keyID] { return known }
            guard meters.count < bound else { return nil }
            let fresh = Meter()
            meters[keyID] = fresh
            return fresh
        }
        guard let meter else { throw Full(bound: bound) }
        return meter
    }

    /// Forgets the meters of keys that are not among `keeping` and whose windows have passed: a key
    /// that is taken out and put back within its month has not won anything. Returns how many were
    /// forgotten.
    @discardableResult
    public func sweep(at moment: Moment, keeping: Set<String>) -> Int {
        meters.withLock { meters in
            let before = meters.count
            meters = meters.filter { keeping.contains($0.key) || !$0.value.isIdle(at: moment) }
            return before - meters.count
        }
    }
}
