import Synchronization

/// How workers ask for an issuer's keys to be read again, without waiting for it: a token named a
/// key that nobody knows. However many ask, the reader is woken once for each time it looks.
public final class KeyDemand: Sendable {
    private let isMade = Atomic<Bool>(false)
    private let wake: @Sendable () -> Void

    public init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    /// Takes no lock, and calls `wake` only if no demand is open.
    public func make() {
        guard !isMade.load(ordering: .relaxed) else { return }
        if !isMade.exchange(true, ordering: .relaxed) { wake() }
    }

    /// Whether somebody is asking.
    public var isOpen: Bool { isMade.load(ordering: .relaxed) }

    /// The reader begins to read: who asks from here on has not seen what it will find.
    public func meet() { isMade.store(false, ordering: .relaxed) }
}
