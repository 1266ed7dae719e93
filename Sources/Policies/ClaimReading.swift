import JSON
import Kernel

/// The claims of one token on their way from its text to `TokenClaims`: checked one after the other
/// against the rules.
struct ClaimReading {
    static let mostMembers = 256

    private(set) var tenant: [UInt8]?
    private(set) var project: [UInt8]?
    private(set) var user: [UInt8]?
    private(set) var role: [UInt8]?
    private(set) var scopes: [[UInt8]] = []
    private(set) var tier: [UInt8]?
    private(set) var session: [UInt8]?
    private(set) var expiresAt = UnixTime(seconds: 0)

    init(
        _ text: Span<UInt8>, _ json: JSONReader, _ rules: TokenRules, now: UnixTime
    ) throws(TokenFault) {
        let claims = try json.tokenPart(text, atMost: Self.mostMembers)
        try readTimes(claims, text, leeway: Int64(rules.leeway) * 1_000_000_000, now)
        guard let issuer = claims.string("iss"), rules.issuers.contains(issuer) else {
            throw .wrongIssuer
        }
        guard let audience = claims["aud"] else { throw .wrongAudience }
        let audiences =
            json.strings(in: audience, of: text) ?? claims.string("aud").map { [$0] } ?? []
        guard audiences.contains(where: rules.audiences.contains) else { throw .wrongAudience }
        for name in rules.requiredClaims {
            guard let claim = claims[name], claim.value.kind != .null else { throw .missingClaim }
        }
        try readCaller(claims, text, rules.claims)
        try readScopes(claims, text, json, rules.claims)
    }

    /// Sums do not overflow: a date ends in 2255 at the latest.
    private mutating func readTimes(
        _ claims: borrowing JSONObject, _ text: Span<UInt8>, leeway: Int64, _ now: UnixTime
    ) throws(TokenFault) {
        guard let expiry = try Self.date("exp", claims, text) else { throw .noExpiry }
        expiresAt = expiry
        guard now.nanoseconds < expiry.nanoseconds + leeway else { throw .expired }
        if let start = try Self.date("nbf", claims, text),
            start.nanoseconds - leeway > now.nanoseconds
        {
            throw .notYetValid
        }
        if let issued = try Self.date("iat", claims, text),
            issued.nanoseconds - leeway > now.nanoseconds
        {
            throw .issuedInFuture
        }
    }

    private static func date(
        _ name: StaticString, _ claims: borrowing JSONObject, _ text: Span<UInt8>
    ) throws(TokenFault) -> UnixTime? {
        guard let claim = claims[name] else { return nil }
        guard claim.value.kind == .number,
            let date = NumericDate.read(text.extracting(claim.value.range))
        else { throw .badTime }
        return date
    }

    private mutating func readCaller(
        _ claims: borrowing JSONObject, _ text: Span<UInt8>, _ map: ClaimMap
    ) throws(TokenFault) {
        tenant = try Self.value(map.tenant, claims, text)
        project = try Self.value(map.project, claims, text)
        user = try Self.value(map.user, claims, text)
        role = try Self.value(map.role, claims, text)
        tier = try Self.value(map.tier, claims, text)
        session = try Self.value(map.session, claims, text)
    }

    /// A string, or a whole number as its digits. Nil: the claim is absent or null.
    private static func value(
        _ name: [UInt8], _ claims: borrowing JSONObject, _ text: Span<UInt8>
    ) throws(TokenFault) -> [UInt8]? {
        guard !name.isEmpty, let claim = claims[name], claim.value.kind != .null else {
            return nil
        }
        if claim.value.kind == .number {
            let digits = text.extracting(claim.value.range)
            guard digits.decimal != nil else { throw .badClaim }
            return digits.array
        }
        guard let string = JSONText.string(claim.value, of: text), isClean(string) else {
            throw .badClaim
        }
        return string
    }

    private mutating func readScopes(
        _ claims: borrowing JSONObject, _ text: Span<UInt8>, _ json: JSONReader, _ map: ClaimMap
    ) throws(TokenFault) {
        guard !map.scopes.isEmpty, let claim = claims[map.scopes] ?? claims["scope"],
            claim.value.kind != .null
        else { return }
        if let list = json.strings(in: claim, of: text) {
            scopes = list
        } else if let string = JSONText.string(claim.value, of: text) {
            scopes = string.split(separator: 0x20).map(Array.init)
        } else {
            throw .badClaim
        }
        guard scopes.allSatisfy(Self.isClean) else { throw .badClaim }
    }

    /// Values go into header fields, logs and keys of tables.
    private static func isClean(_ value: [UInt8]) -> Bool {
        value.count <= TokenClaims.longestValue && value.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }
}
