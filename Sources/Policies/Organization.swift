/// A tenant: who pays, and whom a switch stops as a whole.
public final class Organization: Sendable {
    public let id: String
    public let isSuspended: Bool
    /// Its kill switch is on.
    public let isKilled: Bool

    public init(id: String, isSuspended: Bool = false, isKilled: Bool = false) {
        self.id = id
        self.isSuspended = isSuspended
        self.isKilled = isKilled
    }
}
