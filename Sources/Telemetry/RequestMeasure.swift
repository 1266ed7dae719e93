import Errors
import HTTP

/// What is counted of one request when it has ended: numbers only, so that it is copied like one.
public struct RequestMeasure {
    /// The number of its route among the subjects.
    public var route: Int
    public var method: Method
    /// 0: the client was gone before it was answered.
    public var status: Int
    public var durationNanoseconds: UInt64 = 0
    /// nil: the upstream did not answer.
    public var firstByteNanoseconds: UInt64?
    /// The gateway's own share, without the turn that ends now; nil: the upstream did not answer to
    /// the end.
    public var ownNanoseconds: UInt64?
    public var bytesIn = 0
    public var bytesOut = 0
    public var inputTokens: Int?
    public var outputTokens: Int?
    /// Held in budgets before it went on.
    public var reservedTokens = 0
    /// Counted in budgets in the end.
    public var settledTokens = 0
    /// The number of the upstream among the subjects; nil: none was asked.
    public var upstream: Int?
    public var isRetry = false

    private(set) var outcome = RequestOutcome.well
    private(set) var refusedBy: LimitWindow?
    private(set) var isOverQuota = false
    /// The number of the upstream's failure.
    private(set) var failure: Int?

    public init(route: Int, method: Method, status: Int) {
        self.route = route
        self.method = method
        self.status = status
    }

    /// The request was refused or has failed.
    public mutating func failed(_ error: GatewayError) {
        outcome = RequestOutcome(error)
        switch error {
        case .rateLimited(let window, _, _): refusedBy = window
        case .quotaExceeded: isOverQuota = true
        case .upstreamFailed(let failure): self.failure = failure.number
        default: break
        }
    }

    /// The response was broken off, without an error of the gateway's own.
    public mutating func cancelled(by who: AccessLogRecord.Canceller) {
        if outcome == .well { outcome = RequestOutcome(cancelledBy: who) }
    }
}
