/// Which quota is used up, by whom, and how far.
public struct QuotaFacts: Equatable, Sendable {
    /// Whose quota it is.
    public enum Subject: UInt8, CaseIterable, Sendable { case user, project, key }

    /// What is counted.
    public enum Unit: UInt8, CaseIterable, Sendable { case requests, tokens }

    /// The stretch of the UTC calendar it is counted in.
    public enum Window: UInt8, CaseIterable, Sendable { case day, month }

    /// The tier that sets the limit; nil: it comes from elsewhere.
    public let tier: String?
    public let subject: Subject
    public let unit: Unit
    public let window: Window
    public let limit: Int
    /// May be more than the limit: what an answer costs is known at its end.
    public let used: Int
    /// Until the window begins anew.
    public let resetMilliseconds: Int

    public init(
        tier: String?, subject: Subject, unit: Unit, window: Window, limit: Int, used: Int,
        resetMilliseconds: Int
    ) {
        self.tier = tier
        self.subject = subject
        self.unit = unit
        self.window = window
        self.limit = limit
        self.used = used
        self.resetMilliseconds = resetMilliseconds
    }

    /// The name of the limit, in the log and in answers.
    var limitName: StaticString {
        switch (unit, window) {
        case (.requests, .day): "requests_per_day"
        case (.requests, .month): "requests_per_month"
        case (.tokens, .day): "tokens_per_day"
        case (.tokens, .month): "tokens_per_month"
        }
    }

    /// The name of what has been used of it.
    var usageName: StaticString {
        switch (unit, window) {
        case (.requests, .day): "requests_today"
        case (.requests, .month): "requests_this_month"
        case (.tokens, .day): "tokens_today"
        case (.tokens, .month): "tokens_this_month"
        }
    }
}
