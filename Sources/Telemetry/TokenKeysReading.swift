import Kernel

/// What is told of one token issuer's keys.
public struct TokenKeysReading: Sendable {
    public var issuer: String
    /// Keys that can verify tokens.
    public var keys: Int
    /// When they were last read with success, the same ones or others.
    public var readAt: UnixTime?
    public var successes: Int
    public var failures: Int

    public init(issuer: String, keys: Int, readAt: UnixTime?, successes: Int, failures: Int) {
        self.issuer = issuer
        self.keys = keys
        self.readAt = readAt
        self.successes = successes
        self.failures = failures
    }
}
