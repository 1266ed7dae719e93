import Kernel

/// How reloads of the configuration have ended, for the metrics.
public struct ReloadReading: Sendable {
    public var successes = 0
    public var failures = 0
    /// When the configuration in force was taken over.
    public var lastSuccess: UnixTime

    public init(lastSuccess: UnixTime) { self.lastSuccess = lastSuccess }
}
