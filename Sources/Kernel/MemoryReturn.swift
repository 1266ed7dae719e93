import CKernel

/// Gives the memory that a burst left behind back to the system.
///
/// `free` makes room for this process only: a page of the heap goes back when nothing above it is
/// in use, which after a thousand stalled clients may be never. So whoever has time looks from time
/// to time, and has glibc give back all free pages once there are many and the process has little
/// to do: workers may wait for the heap meanwhile, for milliseconds.
public struct MemoryReturn {
    private static let slack = 2_097_152
    /// The share of one processor above which a process is busy.
    private static let busyPercent: UInt64 = 25

    /// Free bytes of the heap at the last look; a burst that is not over has taken them again.
    private var free = 0
    /// What glibc called free, and the process had in RAM, when memory was last given back. Pages
    /// that were given back still count as free.
    private var settled = (free: 0, resident: 0)
    private var processor: UInt64 = 0
    private var time = Instant(nanoseconds: 0)

    public init() {}

    /// Gives back what is free, whoever has to wait for it.
    public static func atOnce() { gh_return_free_heap() }

    public mutating func look(at now: Instant) {
        let usage = ProcessUsage.now()
        let resident = usage.residentBytes ?? 0
        let before = free
        free = Int(clamping: gh_free_heap_bytes())
        let spent = usage.processorNanoseconds &- processor
        let isBusy = spent > now.since(time) / 100 * Self.busyPercent
        processor = usage.processorNanoseconds
        time = now
        settled = (min(settled.free, free), min(settled.resident, resident))
        let lasting = min(before, free)
        guard !isBusy, lasting > Self.slack,
            lasting > settled.free + Self.slack || resident > settled.resident + Self.slack
        else { return }
        gh_return_free_heap()
        settled = (free, ProcessUsage.now().residentBytes ?? resident)
    }
}
