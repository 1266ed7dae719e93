import Synchronization

/// Whether the process takes more memory than it may. While it does, requests are refused: those
/// under way give theirs back before the kernel takes everybody's.
public final class MemoryGuard: Sendable {
    private let isOver = Atomic(false)

    public init() {}

    public var isExceeded: Bool { isOver.load(ordering: .relaxed) }

    /// Told now and then, by one thread, what is taken. It is over a twentieth below the bound, so
    /// that it does not begin and end with every request. Returns whether that has changed.
    public func observe(_ taken: Int, bound: Int) -> Bool {
        let before = isExceeded
        let isExceeded = taken > (before ? bound - bound / 20 : bound)
        isOver.store(isExceeded, ordering: .relaxed)
        return isExceeded != before
    }
}
