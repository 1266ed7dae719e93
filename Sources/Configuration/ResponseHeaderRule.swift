/// Which of the upstream's response fields reach the client.
public enum ResponseHeaderRule: Sendable, Equatable {
    /// All but hop-by-hop fields and those that would speak for the gateway.
    case passAll
    /// Only these names, in lower case.
    case allowlist([String])
}
