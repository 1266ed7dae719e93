/// A value on the way of a `JSONReader` through a document.
public struct JSONItem: Equatable, Sendable {
    public let value: JSONValue
    /// Where its name stands, without the quotes; nil for an element of an array and for the root.
    public let name: Range<Int>?
    /// Counted in tokens, for the reader.
    let token: UInt32
    let behind: UInt32
}
