import CKernel

/// A value that one thread at a time may use.
///
/// The standard library's `Mutex` would do, but ThreadSanitizer does not see its futex and reports
/// every use as a race, so that real ones could not be told from it. This one is a POSIX mutex,
/// which the sanitizer knows; uncontended it costs the same.
///
/// *Safety:* `storage` is one heap block that this value alone owns, because it cannot be copied;
/// the mutex in it is never moved. The value is only touched between lock and unlock.
@safe
public struct Lock<Value: ~Copyable>: ~Copyable {
    @safe private struct Storage: ~Copyable {
        var mutex = unsafe pthread_mutex_t()
        var value: Value

        init(_ value: consuming Value) { self.value = value }
    }

    private let storage: UnsafeMutablePointer<Storage>

    public init(_ value: consuming sending Value) {
        unsafe storage = .allocate(capacity: 1)
        unsafe storage.initialize(to: Storage(value))
        _ = unsafe pthread_mutex_init(&storage.pointee.mutex, nil)
    }

    deinit {
        _ = unsafe pthread_mutex_destroy(&storage.pointee.mutex)
        unsafe storage.deinitialize(count: 1)
        unsafe storage.deallocate()
    }

    /// Runs `body` while no other thread uses the value. It must be short and must not lock again.
    public borrowing func withLock<Result: ~Copyable>(
        _ body: (inout Value) -> sending Result
    ) -> sending Result {
        _ = unsafe pthread_mutex_lock(&storage.pointee.mutex)
        defer { _ = unsafe pthread_mutex_unlock(&storage.pointee.mutex) }
        return unsafe body(&storage.pointee.value)
    }
}

/// *Safety:* the mutex makes every use of the value exclusive, and what it protects was sent in.
extension Lock: @unchecked Sendable where Value: ~Copyable {}
