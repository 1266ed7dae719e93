import Kernel
import Synchronization

/// Numbers the sets of request labels that have occurred, for all workers alike, up to a bound.
///
/// A worker asks once for each set that is new to it; then it knows. What was numbered is published
/// by the count, so that reading takes no lock.
final class LabelDirectory: Sendable {
    private let keys: Tally
    private let published = Atomic<Int>(0)
    private let numbers = Lock<[UInt64: Int]>([:])

    /// Numbers `bound` sets, from 0 on.
    init(bound: Int) { keys = Tally(count: bound) }

    var bound: Int { keys.count }

    /// How many have a number; when they are `bound` it stays so.
    var count: Int { published.load(ordering: .acquiring) }

    /// The set that has a number below `count`.
    subscript(number: Int) -> RequestLabels { RequestLabels(rawValue: keys[number]) }

    /// The number of `labels`, a new one if need be; nil when no number is left.
    func number(of labels: RequestLabels) -> Int? {
        numbers.withLock { numbers in
            if let known = numbers[labels.rawValue] { return known }
            let number = numbers.count
            guard number < bound else { return nil }
            numbers[labels.rawValue] = number
            keys.set(labels.rawValue, at: number)
            published.store(number + 1, ordering: .releasing)
            return number
        }
    }
}
