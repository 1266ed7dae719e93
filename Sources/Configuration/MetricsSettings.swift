import Kernel

/// Where the metrics can be read, and how much they may grow.
public struct MetricsSettings: Sendable, Equatable {
    /// nil: nowhere, and nothing is counted.
    public var listen: SocketAddress? = SocketAddress(ip: .loopback, port: 9_464)
    /// Sets of request labels that are told apart.
    public var seriesLimit = 1_000
    /// Routes that reloads may add and that are still told apart.
    public var spareRoutes = 256
    /// Upstreams that reloads may add and that are still told apart.
    public var spareUpstreams = 32
    /// Connections of readers at once.
    public var connections = 16
    /// Milliseconds.
    public var timeout = 75_000

    public init() {}
}
