/// When an endpoint that keeps failing is left out, and for how long.
public struct EjectionRules: Sendable {
    /// Failures one after the other, without a success between; 0: endpoints are never left out.
    public var failures: Int
    public var milliseconds: Int
    /// At most this share of the endpoints is left out at once, rounded down; never the last one.
    public var percent: Int

    public init(failures: Int = 5, milliseconds: Int = 30_000, percent: Int = 50) {
        self.failures = failures
        self.milliseconds = milliseconds
        self.percent = percent
    }
}
