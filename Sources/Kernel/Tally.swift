import Synchronization

/// A block of numbers that one thread counts in and any thread reads.
///
/// With a single writer a load and a store make an addition: no instruction locks the bus, and
/// nobody who reads holds up the one who counts. Each number is read whole; two of them may be a
/// moment apart.
///
/// *Safety:* `cells` is one heap block of `count` initialised atomics that this object alone owns
/// and gives back at its end. Every index is checked.
@safe
public final class Tally: @unchecked Sendable {
    public let count: Int
    private let cells: UnsafeMutablePointer<Atomic<UInt64>>

    /// `count` numbers, all 0.
    public init(count: Int) {
        self.count = count
        unsafe cells = .allocate(capacity: count)
        for index in 0..<count { unsafe (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        unsafe cells.deinitialize(count: count)
        unsafe cells.deallocate()
    }

    public subscript(index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe cells[index].load(ordering: .relaxed)
    }

    /// Counts; for the one writer only. A number at its end begins anew at 0.
    @inline(__always)
    public func add(_ amount: UInt64, at index: Int) {
        set(self[index] &+ amount, at: index)
    }

    /// For the one writer only.
    @inline(__always)
    public func set(_ value: UInt64, at index: Int) {
        precondition(index >= 0 && index < count)
        unsafe cells[index].store(value, ordering: .relaxed)
    }
}
