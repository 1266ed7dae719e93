/// When an endpoint that keeps failing is left out.
public struct EjectionSettings: Sendable, Equatable {
    /// 0: never.
    public var failures = 5
    /// Milliseconds.
    public var duration = 30_000
    /// Of the endpoints, at most.
    public var percent = 50

    public init() {}
}
