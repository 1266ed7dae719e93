/// The header field in which the operator's credential goes upstream.
public struct CredentialField: Sendable, Equatable {
    /// Lower case.
    public var name: String
    /// The whole field value, scheme included: `Bearer sk-…`.
    public var value: Secret

    public init(name: String, value: Secret) {
        self.name = name
        self.value = value
    }
}
