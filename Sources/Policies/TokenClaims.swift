import Kernel

/// What a verified token says about its caller. The names are the claim map's.
public final class TokenClaims: Sendable {
    /// The longest value of one claim.
    static let longestValue = 256
    /// The role of whoever comes with a token that a tenant signed itself.
    static let tenantSignedRole = Array("user".utf8)

    public let tenant: [UInt8]?
    public let project: [UInt8]?
    public let user: [UInt8]?
    /// `user`, whatever the token says, if a tenant signed it.
    public let role: [UInt8]?
    public let scopes: [[UInt8]]
    public let tier: [UInt8]?
    public let session: [UInt8]?
    /// The key that signed it; nil where neither token nor key has an id.
    public let keyID: [UInt8]?
    /// A key of the tenant's own signed it, not the issuer's.
    public let isTenantSigned: Bool
    public let expiresAt: UnixTime
    /// The first moment at which the token is refused: `expiresAt` and the leeway.
    public let refusedFrom: UnixTime

    init(_ reading: ClaimReading, signedBy key: SigningKey, leeway: Int) {
        tenant = reading.tenant
        project = reading.project
        user = reading.user
        role = key.tenant == nil ? reading.role : Self.tenantSignedRole
        scopes = reading.scopes
        tier = reading.tier
        session = reading.session
        keyID = key.id
        isTenantSigned = key.tenant != nil
        expiresAt = reading.expiresAt
        refusedFrom = UnixTime(
            nanoseconds: reading.expiresAt.nanoseconds + Int64(leeway) * 1_000_000_000)
    }

    public func hasScope(_ name: Span<UInt8>) -> Bool {
        for scope in scopes where scope.span.equals(name) { return true }
        return false
    }
}
