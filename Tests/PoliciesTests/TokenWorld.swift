import Crypto
import Kernel
import Signing
import Testing

@testable import Policies

/// Keys for tests, one of each kind, made once: an RSA key takes its time.
enum Signers {
    static let rsa = TokenSigner(.rs256, keyID: "rsa")
    static let all: [TokenSigner] = SignatureAlgorithm.allCases.map { algorithm in
        SignatureAlgorithms.rsa.contains(algorithm)
            ? TokenSigner(rsa, algorithm: algorithm) : TokenSigner(algorithm, keyID: "\(algorithm)")
    }
    static let es256 = all.first { $0.algorithm == .es256 } ?? rsa
    static let ed25519 = all.first { $0.algorithm == .edDSA } ?? rsa
    static let hmac = all.first { $0.algorithm == .hs256 } ?? rsa
}

/// An issuer, its rules and its keys, and a moment at which its tokens are valid.
struct TokenWorld {
    var rules = TokenRules(
        issuers: ["https://issuer.example"], audiences: ["gatehouse"],
        algorithms: [.asymmetric, SignatureAlgorithms(.hs256)])
    var keys: KeySet
    /// 2026-11-21T00:00:00Z.
    var now = UnixTime(seconds: 1_795_219_200)
    let verifier = TokenVerifier()

    init(_ signers: [TokenSigner] = [Signers.es256]) throws {
        keys = try Self.keys(signers.map { $0.jwk() })
    }

    static func keys(_ jwks: [String], version: UInt64 = 1) throws -> KeySet {
        let text = "{\"keys\":[" + jwks.joined(separator: ",") + "]}"
        return try KeySetReader(acceptsSecrets: true).read(text.utf8.span, version: version)
    }

    /// Claims that the rules accept for an hour, with `members` in place of what they name; nil
    /// takes one out.
    func claims(_ members: [String: String?] = [:]) -> String {
        var all: [String: String] = [
            "iss": "\"https://issuer.example\"", "aud": "\"gatehouse\"",
            "exp": "\(now.seconds + 3_600)", "iat": "\(now.seconds)", "uid": "\"user-1\"",
        ]
        for (name, value) in members { all[name] = value }
        let text = all.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return "{" + text.joined(separator: ",") + "}"
    }

    func verify(_ token: String) -> Result<TokenClaims, TokenFault> {
        verifier.verify(token.utf8.span, keys, rules, now: now)
    }

    func fault(_ token: String) -> TokenFault? {
        guard case .failure(let fault) = verify(token) else { return nil }
        return fault
    }

    func fault(claims: [String: String?], _ signer: TokenSigner = Signers.es256) -> TokenFault? {
        fault(signer.token(self.claims(claims)))
    }

    func accepted(_ token: String) throws -> TokenClaims { try verify(token).get() }

    func accepted(claims: [String: String?]) throws -> TokenClaims {
        try accepted(Signers.es256.token(self.claims(claims)))
    }
}

func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
