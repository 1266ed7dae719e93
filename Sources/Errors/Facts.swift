import Kernel

/// What is true of an error in every dialect, and how OpenAI's envelope words it.
public struct Facts: Sendable {
    /// How an error is classed by OpenAI's `type` member.
    public enum Kind: Sendable {
        case invalidRequest, rateLimit, server

        public var text: StaticString {
            switch self {
            case .invalidRequest: "invalid_request_error"
            case .rateLimit: "rate_limit_error"
            case .server: "server_error"
            }
        }
    }

    /// The sentence for the client. All but `fixed` depend on the request.
    public enum Message: Sendable {
        case fixed(StaticString)
        case bodyLimit(Int)
        case route(method: String, path: String)
    }

    /// The place in tables of errors: dense from 0, for counters and pre-rendered bodies.
    public let number: Int
    public let status: Int
    public let code: StaticString
    public let message: Message
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

    public var kind: Kind {
        if status == 429 { return .rateLimit }
        return status < 500 ? .invalidRequest : .server
    }

    init(
        _ number: Int, _ status: Int, _ code: StaticString, _ message: Message,
        log logCode: StaticString? = nil, isClosing: Bool = false
    ) {
        self.number = number
        self.status = status
        self.code = code
        self.message = message
        self.logCode = logCode ?? code
        self.isClosing = isClosing
    }

    init(
        _ number: Int, _ status: Int, _ code: StaticString, _ text: StaticString,
        log logCode: StaticString? = nil, isClosing: Bool = false
    ) {
        self.init(number, status, code, .fixed(text), log: logCode, isClosing: isClosing)
    }

    func reason(_ reason: StaticString) -> Facts {
        var facts = self
        facts.logReason = reason
        return facts
    }

    func retry(_ shouldRetry: Bool, after wait: Int) -> Facts {
        var facts = self
        facts.shouldRetry = shouldRetry
        facts.retryAfterMilliseconds = max(1, wait)
        return facts
    }
}
