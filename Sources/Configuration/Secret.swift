/// Bytes that must not turn up in a log, an error or a debugger's description.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    public var isEmpty: Bool { bytes.isEmpty }
    public var description: String { isEmpty ? "(empty)" : "(redacted)" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
