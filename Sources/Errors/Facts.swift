/// What is true of an error in every dialect.
public struct Facts: Sendable {
    /// The place in tables of errors: dense from 0, for counters and pre-rendered bodies. Errors
    /// that some dialect words differently have different numbers.
    public let number: Int
    /// The stable name in the access log and the metrics; never changes once released.
    public let logCode: StaticString
    /// The kind within the log code; empty when there is none.
    public var logReason: StaticString = ""
    /// The value of `x-should-retry`; nil leaves the decision to the client's SDK.
    public var shouldRetry: Bool?
    /// The value of `retry-after-ms`, rounded up for `Retry-After`; nil sends neither.
    public var retryAfterMilliseconds: Int?
    /// An HTTP/1.1 connection cannot go on behind the answer: what follows is not, or not surely,
    /// the next request.
    public var isClosing = false

    init(
        _ number: Int, _ logCode: StaticString, reason: StaticString = "", isClosing: Bool = false
    ) {
        self.number = number
        self.logCode = logCode
        self.logReason = reason
        self.isClosing = isClosing
    }

    func retry(_ shouldRetry: Bool, after wait: Int) -> Facts {
        var facts = self
        facts.shouldRetry = shouldRetry
        facts.retryAfterMilliseconds = max(1, wait)
        return facts
    }
}
