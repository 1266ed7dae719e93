/// Where the access log goes.
public struct AccessLogSettings: Sendable, Equatable {
    /// What the lines are written to.
    public enum Destination: Sendable, Equatable {
        case standardOutput
        case off
        /// Absolute path; appended to.
        case file(String)
    }

    public var path = Destination.standardOutput
    /// Lines that may wait for the writer; more are dropped and counted.
    public var queueLines = 65_536

    public init() {}
}
