import CKernel

/// Waiting for a wake-up without a poller, for threads that do nothing else.
extension Waker {
    /// Blocks until `wake` is called, or was called since the last wait, or `milliseconds` have
    /// passed (-1: for ever). Returns whether there was a wake-up. Only one thread may wait.
    @discardableResult
    public func wait(milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&entry, 1, milliseconds) > 0 else { return false }
        acknowledge()
        return true
    }
}
