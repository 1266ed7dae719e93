/// A reason known at compile time, for the log and never for the client.
public struct LogReason: Equatable, Sendable, ExpressibleByStringLiteral {
    public let text: StaticString

    public init(_ text: StaticString) { self.text = text }
    public init(stringLiteral text: StaticString) { self.text = text }

    public static func == (a: LogReason, b: LogReason) -> Bool {
        a.text.description == b.text.description
    }
}
