/// A connection to be opened, and where to.
public struct Opening: Hashable, Sendable {
    public let connection: ConnectionID
    public let endpoint: Int
}
