import CKernel

/// What this process takes of the system at the moment.
///
/// *Safety:* the system calls get pointers to locals that outlive the call.
@safe
public struct ProcessUsage: Sendable {
    /// nil where the system does not tell.
    public var openDescriptors: Int?
    public var descriptorLimit: Int?
    public var residentBytes: Int?
    public var virtualBytes: Int?
    /// User and system time of all threads.
    public var processorNanoseconds: UInt64

    /// Asks the system. It reads files: not for a worker.
    public static func now() -> ProcessUsage {
        var usage = ProcessUsage(processorNanoseconds: processorTime())
        let count = unsafe gh_count_entries("/proc/self/fd")
        // The descriptor that counted is one of them.
        if count > 0 { usage.openDescriptors = Int(count) - 1 }
        var limit = rlimit()
        if unsafe gh_descriptor_limit(&limit) == 0 {
            usage.descriptorLimit = Int(clamping: limit.rlim_cur)
        }
        usage.readMemory()
        return usage
    }

    /// What of it is in RAM. One small file, so it may be asked often, but not by a worker either.
    public static func residentNow() -> Int? {
        var usage = ProcessUsage(processorNanoseconds: 0)
        usage.readMemory()
        return usage.residentBytes
    }

    /// The sizes stand in pages: virtual first, then resident (proc(5), statm).
    private mutating func readMemory() {
        guard let text = try? FileContents.read("/proc/self/statm", limit: 4_096).text else {
            return
        }
        let pages = text.split(separator: " ").prefix(2).compactMap { Int($0) }
        guard pages.count == 2 else { return }
        let size = Int(sysconf(Int32(_SC_PAGESIZE)))
        virtualBytes = pages[0] * size
        residentBytes = pages[1] * size
    }

    private static func processorTime() -> UInt64 {
        var usage = rusage()
        guard unsafe gh_usage(&usage) == 0 else { return 0 }
        return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime)
    }

    private static func nanoseconds(_ time: timeval) -> UInt64 {
        UInt64(clamping: time.tv_sec) * 1_000_000_000 + UInt64(clamping: time.tv_usec) * 1_000
    }
}
