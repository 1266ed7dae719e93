import CKernel

/// Signals, taken by one thread that waits for them; every other thread has them blocked.
public enum Signal: Sendable {
    case terminate, interrupt, hangUp, user1, user2

    private static let all: [(number: Int32, signal: Signal)] = [
        (SIGTERM, .terminate), (SIGINT, .interrupt), (SIGHUP, .hangUp), (SIGUSR1, .user1),
        (SIGUSR2, .user2),
    ]

    /// Blocks the signals for this thread and those it starts afterwards, and ignores SIGPIPE
    /// and SIGXFSZ. Call it before the first thread is started.
    public static func blockAll() {
        var set = makeSet()
        _ = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        gh_ignore_write_signals()
    }

    /// Waits for the next signal; nil when `milliseconds` have passed without one.
    public static func wait(milliseconds: Int) -> Signal? {
        var set = makeSet()
        var time = timespec(
            tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000)
        let number = unsafe sigtimedwait(&set, nil, &time)
        return all.first { $0.number == number }?.signal
    }

    private static func makeSet() -> sigset_t {
        var set = sigset_t()
        _ = unsafe sigemptyset(&set)
        for entry in all { _ = unsafe sigaddset(&set, entry.number) }
        return set
    }
}

/// The end of the process.
public enum ProcessExit {
    public static func exit(_ status: Int32) -> Never { CKernel.exit(status) }
}

/// The limits and the shape of the process.
public enum Process {
    /// Descriptors the process may have open, after raising the soft limit to the hard one.
    public static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        guard unsafe gh_descriptor_limit(&limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            _ = unsafe gh_set_descriptor_limit(&limit)
            _ = unsafe gh_descriptor_limit(&limit)
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// Gives blocks of 128 KiB and more back to the system when they are freed. Left to itself,
    /// glibc raises that threshold with the first large body, and what a burst took stays taken.
    public static func returnLargeBlocks() { gh_return_large_blocks() }

    /// Processors this process may run on.
    public static var processorCount: Int { max(1, Int(gh_processor_count())) }

    /// Binds the calling thread to one of the processors the process may use.
    public static func pinThread(to index: Int) { _ = gh_pin_thread(Int32(index)) }
}
