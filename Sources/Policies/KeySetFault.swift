/// Why a document holds no set of keys. The last set that was read stays in force then.
public enum KeySetFault: Error, CaseIterable, Sendable {
    /// No JSON object with a list of objects under `keys`.
    case malformed
    case duplicateMember
    case tooManyKeys
    /// Two keys of one `kid` could verify the same token.
    case ambiguous

    public var text: StaticString {
        switch self {
        case .malformed: "is not a JSON object with a list of keys"
        case .duplicateMember: "has a member twice in one object"
        case .tooManyKeys: "has more than 1,024 keys"
        case .ambiguous: "has two keys of the same type under one kid"
        }
    }
}
