import Kernel

extension MetricRegistry {
    /// Where the process stands in its month. Without caps nobody counts.
    func writeMonth(_ reading: MonthReading?, to page: inout Exposition) {
        page.begin(.monthRequests)
        if let reading { page.sample(.monthRequests, UInt64(clamping: reading.requests)) }
        page.begin(.monthCaps)
        for (cap, count) in [("soft", reading?.softCap), ("hard", reading?.hardCap)] {
            guard let count else { continue }
            page.sample(.monthCaps, [("cap", cap)], UInt64(clamping: count))
        }
    }
}
