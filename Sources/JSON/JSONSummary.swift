/// What a valid body says, as far as the gateway decides by it.
public struct JSONSummary: Equatable, Sendable {
    /// The whole text: an object, an array or a scalar. The members below are those of an object.
    public let root: JSONValue
    public let model: JSONValue?
    public let stream: JSONValue?
    public let streamOptions: JSONValue?
    /// `stream_options.include_usage`.
    public let includeUsage: JSONValue?

    public init(
        root: JSONValue, model: JSONValue? = nil, stream: JSONValue? = nil,
        streamOptions: JSONValue? = nil, includeUsage: JSONValue? = nil
    ) {
        self.root = root
        self.model = model
        self.stream = stream
        self.streamOptions = streamOptions
        self.includeUsage = includeUsage
    }

    /// Whether an event stream is asked for: only by the literal `true`.
    public var asksForStream: Bool { stream?.kind == .true }
}
