/// What the process has served of its monthly caps, for the metrics.
public struct MonthReading: Sendable {
    public var requests: Int
    public var softCap: Int?
    public var hardCap: Int?

    public init(requests: Int, softCap: Int? = nil, hardCap: Int? = nil) {
        self.requests = requests
        self.softCap = softCap
        self.hardCap = hardCap
    }
}
