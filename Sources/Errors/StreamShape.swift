/// How an error is told inside a server-sent event stream that has already begun.
public enum StreamShape: UInt8, CaseIterable, Sendable {
    /// The dialect's error body as one `data:` event (chat and completions).
    case envelope
    /// The `error` event of the Responses API.
    case responses
    /// The `error` event of the Anthropic Messages API.
    case anthropic
}
