/// Why a body is not accepted as JSON.
public enum JSONFault: Error, Equatable, Sendable {
    /// Not a JSON text (RFC 8259), not UTF-8, or empty.
    case invalid
    /// More than 1,024 containers within each other.
    case tooDeep
    /// `model`, `stream`, `stream_options` or its `include_usage` occurs twice: the gateway and the
    /// upstream might each believe another one.
    case duplicateMember
    case outOfMemory
}
