/// How many requests may be on their way for the second time at once, so that an upstream that
/// fails is not asked twice as often.
public struct RetryBudget: Sendable {
    /// Of the active requests.
    public var percent: Int
    /// Always allowed, however few requests are active.
    public var minimum: Int

    public init(percent: Int = 20, minimum: Int = 3) {
        self.percent = percent
        self.minimum = minimum
    }

    public func allows(_ retries: Int, active: Int) -> Bool {
        retries < max(minimum, active * percent / 100)
    }
}
