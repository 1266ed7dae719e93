/// Why a token says nothing. The log tells them apart; the client gets one answer to all of them.
public enum TokenFault: Error, CaseIterable, Sendable {
    /// Longer than any token may be.
    case tooLong
    /// Not three parts in strict base64url with JSON objects in the first two.
    case malformed
    /// A member of the header or of the claims occurs twice.
    case duplicateMember
    /// `typ` names another kind of token.
    case wrongType
    /// `crit` or `b64`: the signature may not mean what it seems to.
    case unknownExtension
    /// `none`, or a name this program does not know.
    case unknownAlgorithm
    /// Known, but not allowed by the issuer's rules.
    case algorithmNotAllowed
    /// The key of that `kid` is for other algorithms.
    case keyDoesNotFit
    /// No key of that `kid`, or none that the token could mean.
    case unknownKey
    /// No set of keys was read yet.
    case noKeys
    case badSignature
    /// `exp`, `nbf` or `iat` is no date.
    case badTime
    case noExpiry
    case expired
    /// `nbf` is in the future.
    case notYetValid
    /// `iat` is in the future.
    case issuedInFuture
    case wrongIssuer
    case wrongAudience
    /// A claim that the rules demand is not there.
    case missingClaim
    /// A claim that says who the caller is has the wrong type, is too long or holds a control
    /// character.
    case badClaim
    /// Signed with one tenant's key, in another tenant's name.
    case foreignTenant

    public var logReason: StaticString {
        switch self {
        case .tooLong: "token_too_long"
        case .malformed: "token_malformed"
        case .duplicateMember: "token_duplicate_member"
        case .wrongType: "token_wrong_type"
        case .unknownExtension: "token_unknown_extension"
        case .unknownAlgorithm: "token_unknown_algorithm"
        case .algorithmNotAllowed: "token_algorithm_not_allowed"
        case .keyDoesNotFit: "token_key_does_not_fit"
        case .unknownKey: "token_unknown_key"
        case .noKeys: "token_no_keys"
        case .badSignature: "token_bad_signature"
        case .badTime: "token_bad_time"
        case .noExpiry: "token_no_expiry"
        case .expired: "token_expired"
        case .notYetValid: "token_not_yet_valid"
        case .issuedInFuture: "token_issued_in_future"
        case .wrongIssuer: "token_wrong_issuer"
        case .wrongAudience: "token_wrong_audience"
        case .missingClaim: "token_missing_claim"
        case .badClaim: "token_bad_claim"
        case .foreignTenant: "token_foreign_tenant"
        }
    }
}
