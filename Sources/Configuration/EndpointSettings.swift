/// One place where an upstream is served.
public struct EndpointSettings: Sendable, Equatable {
    public var url = UpstreamURL()
    public var weight = 1

    public init() {}

    init(url: UpstreamURL) { self.url = url }
}
