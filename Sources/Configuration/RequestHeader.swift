/// A field that the operator sends along.
public struct RequestHeader: Sendable {
    /// Lower case.
    public var name = ""
    public var value = Secret()
    /// The value comes from the environment or a file: nobody else is to read it.
    public var isSecret: Bool { source.value == nil }

    // What `value` is worked out from.
    var source = CredentialSource()

    public init() {}
}
