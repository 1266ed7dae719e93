import HTTP

/// What an upstream is shown so that it serves the operator: one field, ready to send. It never
/// comes from a client, and never goes to one.
public final class OperatorCredential: Sendable {
    public let fields: Fields
    /// What of it no client may ever see: all behind the scheme. Empty: it is so short that it
    /// stands elsewhere by chance.
    public let secret: [UInt8]

    private static let shortestSecret = 8

    public init(name: [UInt8], value: [UInt8]) {
        var fields = Fields()
        fields.append(name: name.span, value: value.span)
        self.fields = fields
        let secret = value.split(separator: UInt8(ascii: " ")).last ?? []
        self.secret = secret.count < Self.shortestSecret ? [] : Array(secret)
    }
}
