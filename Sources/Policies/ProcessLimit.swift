import Kernel

/// How many requests the process may serve in a month of the UTC calendar, whoever makes them.
public final class ProcessLimit: Sendable {
    private let limits: RequestLimits
    public let softCap: Int?
    public let hardCap: Int?
    private let meter: Meter
    private let whenSoftCapIsReached: @Sendable (Int) -> Void

    /// - `softCap`: the request that reaches it is served, and told of once.
    /// - `hardCap`: requests beyond it are refused; nil: none are.
    /// - `meter`: outlives the configuration.
    public init(
        softCap: Int?, hardCap: Int?, meter: Meter,
        whenSoftCapIsReached: @escaping @Sendable (Int) -> Void
    ) {
        limits = RequestLimits(perMonth: hardCap ?? .max)
        self.softCap = softCap
        self.hardCap = hardCap
        self.meter = meter
        self.whenSoftCapIsReached = whenSoftCapIsReached
    }

    /// Requests of this month so far.
    public func count(at moment: Moment) -> Int { meter.monthCount(at: moment) }

    /// Counts one request, or refuses it. Every count is given out once, so of all requests that
    /// race exactly one finds the soft cap.
    func admit(at moment: Moment) -> Admission {
        let admission = meter.admit(limits, at: moment)
        switch admission {
        case .admitted(let reading):
            if let softCap, let reading, reading.limit - reading.remaining == softCap {
                whenSoftCapIsReached(softCap)
            }
            return admission
        case .refused(let reading), .processExhausted(let reading):
            return .processExhausted(reading)
        case .overQuota: return admission
        }
    }
}
