/// What is wrong with a credential that was not even looked up. Only the log tells the kinds apart.
public enum CredentialFault: UInt8, CaseIterable, Sendable {
    /// The Authorization scheme is not Bearer.
    case wrongScheme
    /// A Bearer scheme with nothing behind it.
    case empty
    /// More than one field could be the credential.
    case severalFields
    /// Longer than any key may be.
    case tooLong
    /// A byte that no key contains.
    case badCharacter
    /// The prefix belongs to no key of this site.
    case wrongPrefix
    /// The part behind the prefix is not what this site's keys look like.
    case wrongFormat

    /// Whether no Bearer token came at all, whatever else did.
    var isWithoutBearer: Bool { self == .wrongScheme || self == .empty }

    public var logReason: StaticString {
        switch self {
        case .wrongScheme: "wrong_scheme"
        case .empty: "empty"
        case .severalFields: "several_fields"
        case .tooLong: "too_long"
        case .badCharacter: "bad_character"
        case .wrongPrefix: "wrong_prefix"
        case .wrongFormat: "wrong_format"
        }
    }
}
