/// How many tokens may be used; nil means without a limit, 0 means none at all.
public struct TokenLimits: Equatable, Sendable {
    /// The day of the UTC calendar.
    public var perDay: Int?
    /// The month of the UTC calendar.
    public var perMonth: Int?

    public init(perDay: Int? = nil, perMonth: Int? = nil) {
        self.perDay = perDay
        self.perMonth = perMonth
    }

    public static let unlimited = TokenLimits()

    public var isUnlimited: Bool { perDay == nil && perMonth == nil }
}
