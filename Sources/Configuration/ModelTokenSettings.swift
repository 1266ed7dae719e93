/// What an answer of one model may take where the request does not bound it.
public struct ModelTokenSettings: Sendable, Equatable {
    public var model = ""
    public var outputTokens = 1_024

    public init() {}
}
