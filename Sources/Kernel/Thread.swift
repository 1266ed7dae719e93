import CKernel
import Synchronization

/// A thread of the operating system.
///
/// The closure is sent: what it captures belongs to the new thread from then on, so a worker that
/// is made inside of it cannot be shared by mistake.
///
/// *Safety:* the closure's box is retained once for the thread, which releases it. The handle is
/// used for at most one of join and detach.
@safe
public final class Thread: Sendable {
    private final class Start {
        let name: String
        let body: () -> Void

        init(name: String, body: @escaping () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let handle: pthread_t
    private let isGivenUp = Atomic<Bool>(false)

    private init(_ handle: pthread_t) { self.handle = handle }

    deinit {
        if !isGivenUp.load(ordering: .relaxed) { pthread_detach(handle) }
    }

    /// Starts a thread. `name`: what the system shows of it, 15 bytes at most, the rest is cut off.
    public static func spawn(
        name: String, _ body: sending @escaping () -> Void
    ) throws(SystemFault) -> Thread {
        let start = unsafe Unmanaged.passRetained(Start(name: String(name.prefix(15)), body: body))
        var handle = pthread_t()
        let code = unsafe pthread_create(
            &handle, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                _ = unsafe pthread_setname_np(pthread_self(), start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            unsafe start.release()
            throw SystemFault("pthread_create", code: code)
        }
        return Thread(handle)
    }

    /// Waits until the thread has ended. Only the first call waits.
    public func join() {
        guard !isGivenUp.exchange(true, ordering: .relaxed) else { return }
        _ = pthread_join(handle, nil)
    }
}
