import Kernel

extension MetricRegistry {
    /// Whether what stands in the configuration is what is in force.
    func writeReloads(_ reading: ReloadReading, to page: inout Exposition) {
        page.begin(.reloads)
        for (result, count) in [("ok", reading.successes), ("failed", reading.failures)] {
            page.sample(.reloads, [("result", result)], UInt64(clamping: count))
        }
        page.begin(.reloadTime)
        page.sample(.reloadTime, UInt64(clamping: reading.lastSuccess.seconds))
    }
}
