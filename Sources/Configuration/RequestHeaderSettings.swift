/// What a site changes of the fields that its requests carry upstream.
public struct RequestHeaderSettings: Sendable {
    /// In order; each stands in place of what a client sent under the name.
    public var set: [RequestHeader] = []
    /// Lower case; `*` at the end stands for every name that begins so.
    public var remove: [String] = []

    public init() {}
}
