/// What a valid body says, as far as the gateway decides by it.
public struct JSONSummary: Equatable, Sendable {
    /// The whole text: an object, an array or a scalar. The members below are those of an object.
    public let root: JSONValue
    public let model: JSONValue?
    public let stream: JSONValue?
    public let streamOptions: JSONValue?
    /// `stream_options.include_usage`.
    public let includeUsage: JSONValue?
    /// The three names for how long an answer may become.
    public let maxTokens: JSONValue?
    public let maxCompletionTokens: JSONValue?
    public let maxOutputTokens: JSONValue?
    /// `n`: how many answers are asked for.
    public let choices: JSONValue?

    public init(
        root: JSONValue, model: JSONValue? = nil, stream: JSONValue? = nil,
        streamOptions: JSONValue? = nil, includeUsage: JSONValue? = nil,
        maxTokens: JSONValue? = nil, maxCompletionTokens: JSONValue? = nil,
        maxOutputTokens: JSONValue? = nil, choices: JSONValue? = nil
    ) {
        self.root = root
        self.model = model
        self.stream = stream
        self.streamOptions = streamOptions
        self.includeUsage = includeUsage
        self.maxTokens = maxTokens
        self.maxCompletionTokens = maxCompletionTokens
        self.maxOutputTokens = maxOutputTokens
        self.choices = choices
    }

    /// Whether an event stream is asked for: only by the literal `true`.
    public var asksForStream: Bool { stream?.kind == .true }
}
