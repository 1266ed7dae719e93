import Synchronization

/// The memory all collected bodies of the process may take together, exact under any race.
public final class BodyBudget: Sendable {
    private let limit: Atomic<Int>
    private let used = Atomic<Int>(0)

    public init(limitBytes: Int) { limit = Atomic(max(0, limitBytes)) }

    public var limitBytes: Int { limit.load(ordering: .relaxed) }

    /// Sets another limit. What is taken already stays taken.
    public func adjust(limitBytes: Int) { limit.store(max(0, limitBytes), ordering: .relaxed) }

    public var usedBytes: Int { used.load(ordering: .relaxed) }

    /// Takes `count` bytes of the budget, all or none. What is taken is given back with `release`.
    ///
    /// Compare-and-exchange instead of add-and-undo: a reservation that is too large must not make
    /// a small one fail in passing.
    public func reserve(_ count: Int) -> Bool {
        guard count > 0 else { return count == 0 }
        var current = used.load(ordering: .relaxed)
        while count <= limitBytes - current {
            let (isExchanged, seen) = used.weakCompareExchange(
                expected: current, desired: current + count, ordering: .relaxed)
            if isExchanged { return true }
            current = seen
        }
        return false
    }

    public func release(_ count: Int) {
        let rest = used.wrappingSubtract(count, ordering: .relaxed).newValue
        assert(rest >= 0, "more was given back than taken")
    }
}
