import Crypto
import JSON
import Kernel

/// Verifies JSON Web Tokens (RFC 7519) as RFC 8725 advises: signed in the compact form by a key of
/// the issuer's, with an algorithm that its rules and the key allow. Each worker has its own.
///
/// Nothing the claims say is believed before the signature holds.
public final class TokenVerifier {
    private let json = JSONReader()

    public init() {}

    /// What `token` says, or why it is not believed at `now`.
    public func verify(
        _ token: Span<UInt8>, _ keys: KeySet, _ rules: TokenRules, now: UnixTime
    ) -> Result<TokenClaims, TokenFault> {
        do throws(TokenFault) {
            return .success(try claims(token, keys, rules, now))
        } catch {
            return .failure(error)
        }
    }

    /// Who says to have issued `token`. Nobody has verified that: it may only choose whose keys the
    /// token is held against.
    func claimedIssuer(of token: Span<UInt8>) throws(TokenFault) -> [UInt8] {
        let (first, second) = try Self.dots(of: token)
        let payload = try Self.decoded(token.extracting(first + 1..<second))
        let claims = try json.tokenPart(payload.bytes, atMost: ClaimReading.mostMembers)
        guard let issuer = claims.string("iss") else { throw .wrongIssuer }
        return issuer
    }

    private func claims(
        _ token: Span<UInt8>, _ keys: KeySet, _ rules: TokenRules, _ now: UnixTime
    ) throws(TokenFault) -> TokenClaims {
        guard token.count <= rules.maxTokenBytes else { throw .tooLong }
        let (first, second) = try Self.dots(of: token)
        let headerText = try Self.decoded(token.extracting(0..<first))
        let header = try TokenHeader(headerText.bytes, json)
        guard rules.algorithms.contains(header.algorithm) else { throw .algorithmNotAllowed }
        let key: SigningKey
        switch keys.find(header.keyID, for: header.algorithm) {
        case .found(let found): key = found
        case .unfit: throw .keyDoesNotFit
        case .unknown: throw .unknownKey
        }
        let payload = try Self.decoded(token.extracting(first + 1..<second))
        let signature = try Self.decoded(token.extracting(second + 1..<token.count))
        guard
            key.key.verify(
                token.extracting(0..<second), signature: signature.bytes, header.algorithm)
        else { throw .badSignature }
        let reading = try ClaimReading(payload.bytes, json, rules, now: now)
        if let owner = key.tenant, reading.tenant != owner { throw .foreignTenant }
        return TokenClaims(reading, signedBy: key, leeway: rules.leeway)
    }

    /// Where the first two of the three parts end.
    private static func dots(of token: Span<UInt8>) throws(TokenFault) -> (Int, Int) {
        let dot = UInt8(ascii: ".")
        guard let first = token.firstIndex(of: dot),
            let second = token.firstIndex(of: dot, from: first + 1)
        else { throw .malformed }
        return (first, second)
    }

    private static func decoded(_ part: Span<UInt8>) throws(TokenFault) -> ByteBuffer {
        var bytes = ByteBuffer(capacity: part.count)
        guard bytes.append(decodingBase64URL: part) else { throw .malformed }
        return bytes
    }
}
