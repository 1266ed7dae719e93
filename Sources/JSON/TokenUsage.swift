/// What an upstream says a request took, in tokens; nil where it did not say.
public struct TokenUsage: Equatable, Sendable {
    /// Of the prompt, those from a cache included.
    public var input: Int?
    /// Of the answer.
    public var output: Int?

    public init(input: Int? = nil, output: Int? = nil) {
        self.input = input
        self.output = output
    }
}
