/// A value of a probed body: its type and where it stands.
public struct JSONValue: Equatable, Sendable {
    /// The types of RFC 8259 section 3, booleans by their value.
    public enum Kind: Equatable, Sendable {
        case object, array, string, number, `true`, `false`, null
    }

    public let kind: Kind
    /// Its bytes in the body; a string's quotes and a container's brackets belong to it.
    public let range: Range<Int>

    public init(_ kind: Kind, _ range: Range<Int>) {
        self.kind = kind
        self.range = range
    }

    /// nil for anything but `true` and `false`.
    public var bool: Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }
}
