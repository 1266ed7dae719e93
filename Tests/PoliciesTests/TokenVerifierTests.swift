import Chance
import Crypto
import Kernel
import Signing
import Testing

@testable import Policies

@Suite("A token's signature")
struct TokenSignatureTests {
    @Test("is verified by every algorithm", arguments: Signers.all)
    func algorithms(signer: TokenSigner) throws {
        let world = try TokenWorld([signer])
        let claims = try world.accepted(signer.token(world.claims()))
        #expect(text(claims.user) == "user-1")
        #expect(text(claims.keyID) == signer.keyID)
        #expect(claims.expiresAt.seconds == world.now.seconds + 3_600)
    }

    @Test("fails for every other key of its kind", arguments: SignatureAlgorithm.allCases)
    func otherKey(algorithm: SignatureAlgorithm) throws {
        let stranger = TokenSigner(algorithm, keyID: "rsa")
        let known = Signers.all.first { $0.algorithm == algorithm } ?? Signers.rsa
        let world = try TokenWorld([known])
        let header = "{\"alg\":\"\(algorithm.name)\",\"kid\":\"\(known.keyID)\"}"
        let token = stranger.token(header: header, claims: world.claims())
        #expect(world.fault(token) == .badSignature)
    }

    @Test("holds for no token of which any byte is another", arguments: Signers.all)
    func mutations(signer: TokenSigner) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededRandom(seed: seed)
        let world = try TokenWorld([signer])
        let token = Array(signer.token(world.claims()).utf8)
        for index in token.indices {
            var bad = token
            bad[index] ^= UInt8(1 + random.below(255))
            let result = world.verifier.verify(bad.span, world.keys, world.rules, now: world.now)
            guard case .failure = result else {
                Issue.record("seed \(seed), byte \(index)")
                continue
            }
        }
        for count in stride(from: 0, to: token.count, by: 7) {
            let text = String(decoding: token[..<count], as: UTF8.self)
            #expect(world.fault(text) != nil, "\(count) bytes")
        }
    }

    @Test(
        "is not asked for by none, in any case", arguments: ["none", "None", "NONE", "", "nOnE"])
    func none(name: String) throws {
        let world = try TokenWorld()
        let token = Signers.es256.token(
            header: "{\"alg\":\"\(name)\",\"kid\":\"es256\"}", claims: world.claims())
        let bare = token.prefix { $0 != "." } + "." + token.split(separator: ".")[1] + "."
        #expect(world.fault(token) == .unknownAlgorithm)
        #expect(world.fault(String(bare)) == .unknownAlgorithm)
    }

    @Test("by HMAC with a public key as the secret is worth nothing")
    func confusion() throws {
        // A key set in which the public key could be taken for a secret.
        let world = try TokenWorld([Signers.rsa, Signers.es256])
        for keyID in ["rsa", "es256"] {
            let header = "{\"alg\":\"HS256\",\"kid\":\"\(keyID)\"}"
            let forged = Signers.hmac.token(header: header, claims: world.claims())
            #expect(world.fault(forged) == .keyDoesNotFit)
        }
        let header = "{\"alg\":\"RS256\",\"kid\":\"hs256\"}"
        let other = try TokenWorld([Signers.hmac])
        let token = Signers.rsa.token(header: header, claims: world.claims())
        #expect(other.fault(token) == .keyDoesNotFit)
    }

    @Test("is made with an algorithm that the rules and the key's own alg allow")
    func allowlists() throws {
        var world = try TokenWorld([Signers.rsa])
        let pss = TokenSigner(Signers.rsa, algorithm: .ps256)
        let token = pss.token(world.claims())
        #expect(world.fault(token) == nil)
        world.rules.algorithms = SignatureAlgorithms(.rs256)
        #expect(world.fault(token) == .algorithmNotAllowed)
        world.rules.algorithms = .asymmetric
        world.keys = try TokenWorld.keys([Signers.rsa.jwk("\"alg\":\"RS256\"")])
        #expect(world.fault(token) == .keyDoesNotFit)
        #expect(world.fault(Signers.rsa.token(world.claims())) == nil)
    }

    @Test("is looked for by kid alone")
    func keyIDs() throws {
        var world = try TokenWorld([Signers.es256, Signers.ed25519])
        func token(_ kid: String) -> String {
            Signers.es256.token(
                header: "{\"alg\":\"ES256\"\(kid)}", claims: world.claims())
        }
        #expect(world.fault(token(",\"kid\":\"es256\"")) == nil)
        #expect(world.fault(token(",\"kid\":\"es25\\u0036\"")) == nil)
        #expect(world.fault(token(",\"kid\":\"ES256\"")) == .unknownKey)
        #expect(world.fault(token(",\"kid\":\"../../keys\"")) == .unknownKey)
        #expect(world.fault(token(",\"kid\":\"\"")) == .unknownKey)
        #expect(world.fault(token(",\"kid\":\"edDSA\"")) == .keyDoesNotFit)
        #expect(world.fault(token(",\"kid\":7")) == .malformed)
        #expect(world.fault(token(",\"kid\":null")) == .malformed)
        // Nobody can tell which of two is meant; of one there is no doubt.
        #expect(world.fault(token("")) == .unknownKey)
        world.keys = try TokenWorld.keys([Signers.es256.jwk()])
        #expect(world.fault(token("")) == nil)
        world.keys = try TokenWorld.keys([])
        #expect(world.fault(token("")) == .unknownKey)
    }

    @Test("does not come with its own key")
    func embeddedKeys() throws {
        let world = try TokenWorld()
        let stranger = TokenSigner(.es256, keyID: "es256")
        for member in [
            "\"jwk\":\(stranger.jwk())", "\"jku\":\"https://evil.example/jwks\"",
            "\"x5u\":\"https://evil.example/cert\"", "\"x5c\":[\"MIIB\"]",
        ] {
            let header = "{\"alg\":\"ES256\",\"kid\":\"es256\",\(member)}"
            let forged = stranger.token(header: header, claims: world.claims())
            #expect(world.fault(forged) == .badSignature)
            // Ignored, not refused: some issuers send them.
            let honest = Signers.es256.token(header: header, claims: world.claims())
            #expect(world.fault(honest) == nil)
        }
    }
}

@Suite("A token's form")
struct TokenFormTests {
    private func fault(header: String) throws -> TokenFault? {
        let world = try TokenWorld()
        return world.fault(Signers.es256.token(header: header, claims: world.claims()))
    }

    static let spellings: [(String, TokenFault?)] = [
        ("{\"alg\":\"ES256\",\"typ\":\"JWT\"}", nil), ("{\"alg\":\"ES256\",\"typ\":\"jwt\"}", nil),
        ("{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", nil),
        ("{\"alg\":\"ES256\",\"typ\":\"application/at+JWT\"}", nil),
        ("{\"typ\":\"logout+jwt\",\"alg\":\"ES256\"}", .wrongType),
        ("{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\"}", .wrongType),
        ("{\"typ\":\"application/\",\"alg\":\"ES256\"}", .wrongType),
        ("{\"typ\":null,\"alg\":\"ES256\"}", .wrongType),
        ("{\"alg\":\"ES256\",\"crit\":[\"exp\"],\"exp\":1}", .unknownExtension),
        ("{\"alg\":\"ES256\",\"crit\":[]}", .unknownExtension),
        ("{\"alg\":\"ES256\",\"b64\":false}", .unknownExtension),
        ("{\"alg\":\"ES256\",\"b64\":true}", .unknownExtension),
        ("{\"alg\":\"ES256\",\"alg\":\"none\"}", .duplicateMember),
        ("{\"alg\":\"ES256\",\"\\u0061lg\":\"ES256\"}", .duplicateMember),
        ("{\"alg\":\"ES256\",\"kid\":\"es256\",\"kid\":\"es256\"}", .duplicateMember),
        ("{}", .unknownAlgorithm), ("{\"alg\":256}", .unknownAlgorithm),
        ("{\"alg\":\"ES512\"}", .unknownAlgorithm), ("{\"alg\":\"es256\"}", .unknownAlgorithm),
        ("[]", .malformed), ("\"ES256\"", .malformed), ("", .malformed), ("null", .malformed),
        ("{\"alg\":\"ES256\"", .malformed), ("{\"alg\":\"ES256\"} x", .malformed),
    ]

    @Test("begins with a header that says nothing unknown", arguments: spellings)
    func headers(header: String, fault: TokenFault?) throws {
        #expect(try self.fault(header: header) == fault)
    }

    @Test("has a header of a bounded number of members")
    func manyMembers() throws {
        let some = (0..<31).map { ",\"m\($0)\":\($0)" }.joined()
        #expect(try fault(header: "{\"alg\":\"ES256\"\(some)}") == nil)
        #expect(try fault(header: "{\"alg\":\"ES256\"\(some),\"z\":1}") == .malformed)
    }

    @Test("is three parts in strict base64url")
    func parts() throws {
        let world = try TokenWorld()
        let token = Signers.es256.token(world.claims())
        let parts = token.split(separator: ".").map(String.init)
        for bad in [
            "", ".", "..", "...", parts[0], parts[0] + "." + parts[1], token + ".", "." + token,
            token + "=", token + "==", token + "\n", " " + token, token + ".AAAA",
            parts[0] + "=." + parts[1] + "." + parts[2], "a.b.c", "e30.e30.", "\0.\0.\0",
        ] {
            #expect(world.fault(bad) != nil, "\(bad)")
        }
        #expect(world.fault(token) == nil)
        // A signature of 64 bytes leaves four bits of its last digit over.
        let twin = token.dropLast() + (token.last == "A" ? "B" : "A")
        #expect(world.fault(String(twin)) != nil)
    }

    @Test("is bounded before it is read")
    func length() throws {
        let world = try TokenWorld()
        let claims = world.claims(["more": "\"" + String(repeating: "x", count: 5_800) + "\""])
        let token = Signers.es256.token(claims)
        #expect(token.utf8.count < 8_192)
        #expect(world.fault(token) == nil)
        #expect(
            world.fault(token + String(repeating: "A", count: 8_193 - token.utf8.count)) == .tooLong
        )
        #expect(world.fault(String(repeating: ".", count: 8_193)) == .tooLong)
    }
}
