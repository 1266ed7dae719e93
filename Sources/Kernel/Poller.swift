import CKernel

/// What epoll says of one descriptor.
public struct Readiness: Sendable {
    let flags: UInt32

    init(flags: UInt32) { self.flags = flags }

    public var isReadable: Bool { flags & (readable | closing) != 0 }
    public var isWritable: Bool { flags & (writable | broken) != 0 }
    /// The peer has sent FIN, or the connection is broken: reading must go on to the end even
    /// behind a short read, because an edge-triggered poller tells it only once.
    public var isClosing: Bool { flags & closing != 0 }

    /// Both directions are over: reset by the peer, or closed at both ends.
    public var isBroken: Bool { flags & broken != 0 }

    public static let reading = Readiness(flags: EPOLLIN.rawValue)
    public static let writing = Readiness(flags: EPOLLOUT.rawValue)
    public static let ended = Readiness(flags: EPOLLIN.rawValue | EPOLLRDHUP.rawValue)

    /// Any merging of what a poller can tell, for simulations.
    package init(isReading: Bool, isWriting: Bool, isEnding: Bool, isBreaking: Bool) {
        var flags: UInt32 = 0
        if isReading { flags |= EPOLLIN.rawValue }
        if isWriting { flags |= EPOLLOUT.rawValue }
        if isEnding { flags |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
        if isBreaking { flags |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
        if isBreaking { flags |= EPOLLHUP.rawValue | EPOLLERR.rawValue }
        self.init(flags: flags)
    }

    private var readable: UInt32 { EPOLLIN.rawValue }
    private var writable: UInt32 { EPOLLOUT.rawValue }
    private var broken: UInt32 { EPOLLHUP.rawValue | EPOLLERR.rawValue }
    private var closing: UInt32 { EPOLLRDHUP.rawValue | broken }
}

/// An epoll instance: which of the descriptors of one worker can go on.
///
/// *Safety:* `events` is this object's own array of `capacity` entries, filled by `epoll_wait` and
/// read only below the count it returned. One thread uses the object.
@safe
public final class Poller {
    private let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private let capacity: Int32 = 512

    public init() throws(SystemFault) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        unsafe events = .allocate(capacity: Int(capacity))
        guard descriptor >= 0 else { throw SystemFault.last("epoll_create1") }
    }

    deinit {
        unsafe events.deallocate()
        _ = close(descriptor)
    }

    /// Watches a connection for both directions, edge-triggered. Closing the descriptor ends it.
    public func watch(_ fileDescriptor: Int32, token: UInt64) throws(SystemFault) {
        let flags = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        try add(fileDescriptor, flags, token)
    }

    /// Watches a listener or an event descriptor, level-triggered: told again until it is served.
    public func watchLevel(_ fileDescriptor: Int32, token: UInt64) throws(SystemFault) {
        try add(fileDescriptor, EPOLLIN.rawValue, token)
    }

    /// The same for a listener that others watch too: not all of them are woken for one connection.
    public func watchShared(_ fileDescriptor: Int32, token: UInt64) throws(SystemFault) {
        try add(fileDescriptor, EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue, token)
    }

    public func ignore(_ fileDescriptor: Int32) {
        _ = gh_epoll_control(descriptor, EPOLL_CTL_DEL, fileDescriptor, 0, 0)
    }

    private func add(_ fileDescriptor: Int32, _ flags: UInt32, _ token: UInt64) throws(SystemFault)
    {
        guard gh_epoll_control(descriptor, EPOLL_CTL_ADD, fileDescriptor, flags, token) == 0 else {
            throw SystemFault.last("epoll_ctl")
        }
    }

    /// Waits until something is ready or `milliseconds` have passed (-1: for ever). Returns how
    /// many events can be read with `event`; an interrupted wait returns 0.
    public func wait(milliseconds: Int32) -> Int {
        max(0, Int(unsafe epoll_wait(descriptor, events, capacity, milliseconds)))
    }

    public func event(_ index: Int) -> (token: UInt64, readiness: Readiness) {
        precondition(index >= 0 && index < Int(capacity))
        let token = unsafe gh_event_token(events, Int32(index))
        return (token, Readiness(flags: unsafe gh_event_flags(events, Int32(index))))
    }
}

/// Wakes a worker that sleeps in `Poller.wait`, from any thread (an eventfd).
public final class Waker: Sendable {
    public let descriptor: Int32

    public init() throws(SystemFault) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw SystemFault.last("eventfd") }
    }

    deinit { _ = close(descriptor) }

    public func wake() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }

    /// Takes the wake-ups that have come, so that the poller sleeps again.
    public func acknowledge() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor, &count, 8)
    }
}
