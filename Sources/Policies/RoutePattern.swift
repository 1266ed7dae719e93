import HTTP

/// One route as it is written in a configuration.
///
/// A pattern is `/v1/models` (exactly that), `/v1/models/{model}` (a parameter is one segment that
/// is not empty) or `/v1/files/**` (that path and everything below it).
public struct RoutePattern: Sendable {
    public let methods: MethodSet
    public let pattern: String
    /// What `RouteTable.find` answers; the meaning is the caller's.
    public let action: Int

    public init(_ methods: MethodSet, _ pattern: String, action: Int) {
        self.methods = methods
        self.pattern = pattern
        self.action = action
    }

    /// Why a pattern cannot be compiled.
    public enum Fault: Error, Equatable, Sendable {
        case notAbsolute(String)
        /// An empty or dot segment, a byte no literal path has, or a `**` that is not the last
        /// segment.
        case badSegment(String)
        /// The same pattern stands twice for one method.
        case duplicate(String)
    }
}
