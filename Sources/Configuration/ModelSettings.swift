/// Where requests for some models go, and what they are called there.
public struct ModelSettings: Sendable, Equatable {
    /// A name; with `*` at its end, a beginning.
    public var model = ""
    /// One of them is chosen by weight. Never empty.
    public var targets: [ModelTargetSettings] = []
    /// Asked in this order when that one does not serve the request.
    public var fallbacks: [ModelTargetSettings] = []
    /// Statuses of an answer with which an upstream does not serve it.
    public var fallbackOn = [429, 500, 502, 503, 504, 529]

    /// What `targets` is where the entry itself names the only one.
    var only = ModelTargetSettings()

    public init() {}
}
