import Crypto
import Kernel
import Policies

/// Tokens: as somebody without the secret sends them, and as somebody with it could.
enum TokenCheck {
    private static let secret = [UInt8](repeating: 0x5a, count: 32)
    private static let now = UnixTime(seconds: 1_800_000_000)

    static func run(_ input: [UInt8]) throws(Violation) {
        let keys = try makeKeys()
        try require(claims(input, keys) == nil, "a token nobody signed is believed")
        let end = input.firstIndex(of: UInt8(ascii: "\n")) ?? input.count
        let token = signed(Array(input[..<end]), Array(input[min(end + 1, input.count)...]))
        guard let claims = claims(token, keys) else { return }
        try require(claims.refusedFrom > now, "an expired token is believed")
        let values = [
            claims.tenant, claims.project, claims.user, claims.role, claims.tier, claims.session,
        ]
        for value in values.compactMap(\.self) + claims.scopes {
            try require(value.count <= 256, "a long claim")
            try require(value.allSatisfy { $0 >= 0x20 && $0 != 0x7f }, "a control character")
        }
        var bad = token
        bad[bad.count - 2] ^= 1
        try require(self.claims(bad, keys) == nil, "another signature is believed")
    }

    /// The same from two verifiers and twice from one; nil: refused.
    private static func claims(_ token: [UInt8], _ keys: KeySet) -> TokenClaims? {
        let rules = TokenRules(
            issuers: ["i"], audiences: ["a"], algorithms: SignatureAlgorithms(.hs256))
        let verifier = TokenVerifier()
        let first = verifier.verify(token.span, keys, rules, now: now)
        let second = verifier.verify(token.span, keys, rules, now: now)
        switch (first, second) {
        case (.success(let claims), .success): return claims
        case (.failure(let one), .failure(let other)) where one == other: return nil
        default: fatalError("\(first) became \(second)")
        }
    }

    private static func makeKeys() throws(Violation) -> KeySet {
        do {
            let key = try VerificationKey(secret: secret.span)
            return try KeySet([SigningKey(id: Array("k".utf8), key: key)], version: 1)
        } catch {
            throw Violation("no key: \(error)")
        }
    }

    private static func signed(_ header: [UInt8], _ claims: [UInt8]) -> [UInt8] {
        var token = ByteBuffer()
        token.append(base64URL: header.span)
        token.append(UInt8(ascii: "."))
        token.append(base64URL: claims.span)
        let code = code(token.bytes.array)
        token.append(UInt8(ascii: "."))
        token.append(base64URL: code.span)
        return token.bytes.array
    }

    /// HMAC as RFC 2104 spells it.
    private static func code(_ message: [UInt8]) -> [UInt8] {
        let hasher = SHA256Hasher()
        let rest = [UInt8](repeating: 0, count: 32)
        let inner = secret.map { $0 ^ 0x36 } + rest.map { $0 ^ 0x36 }
        let outer = secret.map { $0 ^ 0x5c } + rest.map { $0 ^ 0x5c }
        var digest = ByteBuffer()
        hasher.hash(inner.span, message.span).append(to: &digest)
        var code = ByteBuffer()
        hasher.hash(outer.span, digest.bytes).append(to: &code)
        return code.bytes.array
    }
}
