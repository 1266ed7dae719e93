import Crypto
import Kernel
import Signing
import Testing

@testable import Policies

@Suite("A set of keys")
struct KeySetTests {
    private func read(_ text: String, secrets: Bool = true) -> Result<KeySet, KeySetFault> {
        do throws(KeySetFault) {
            return .success(
                try KeySetReader(acceptsSecrets: secrets).read(text.utf8.span, version: 1))
        } catch {
            return .failure(error)
        }
    }

    private func fault(_ text: String) -> KeySetFault? {
        guard case .failure(let fault) = read(text) else { return nil }
        return fault
    }

    /// How many keys are taken and how many passed over.
    private func counts(_ keys: [String], secrets: Bool = true) throws -> [Int] {
        let set = try read("{\"keys\":[\(keys.joined(separator: ","))]}", secrets: secrets).get()
        return [set.keys.count, set.ignoredCount]
    }

    @Test("is read with keys of every kind")
    func kinds() throws {
        let signers = [
            Signers.rsa, Signers.es256, Signers.ed25519, Signers.hmac, TokenSigner(.es384),
        ]
        let set = try read(
            "{\"keys\":[\(signers.map { $0.jwk() }.joined(separator: ","))],\"x\":1}"
        ).get()
        #expect(Set(set.keys.map { text($0.id) }) == Set(signers.map(\.keyID)))
        #expect(set.ignoredCount == 0)
        for signer in signers {
            guard case .found(let key) = set.find(Array(signer.keyID.utf8), for: signer.algorithm)
            else {
                Issue.record("\(signer.keyID) is not found")
                continue
            }
            #expect(text(key.id) == signer.keyID)
        }
        guard case .unknown = set.find(Array("other".utf8), for: .rs256) else {
            Issue.record("a key of no id")
            return
        }
    }

    static let junk = [
        "{}", "{\"kty\":\"XYZ\"}", "{\"kty\":7}", "{\"kty\":\"RSA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":7,\"e\":\"AQAB\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AA\",\"y\":\"AA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}",
        "{\"kty\":\"EC\",\"crv\":\"secp256k1\"}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA==\"}",
        "{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}",
    ]

    @Test("passes over keys that are none of ours", arguments: junk)
    func passesOver(jwk: String) throws {
        #expect(try counts([jwk, Signers.es256.jwk()]) == [1, 1])
    }

    static let members = [
        "\"use\":\"enc\"", "\"use\":7", "\"key_ops\":[\"sign\"]", "\"key_ops\":[]",
        "\"key_ops\":\"verify\"", "\"alg\":\"RS256\"", "\"alg\":\"ES512\"", "\"alg\":7",
        "\"tid\":7", "\"tid\":\"\"",
    ]

    @Test("passes over keys for other ends and keys that leave something open", arguments: members)
    func otherEnds(member: String) throws {
        #expect(try counts([Signers.es256.jwk(member)]) == [0, 1])
        let good = "\"use\":\"sig\",\"key_ops\":[\"x\",\"verify\"],\"alg\":\"ES256\",\"tid\":\"t\""
        #expect(try counts([Signers.es256.jwk(good)]) == [1, 0])
    }

    @Test("has no secrets where anybody could read them")
    func secrets() throws {
        #expect(try counts([Signers.hmac.jwk()], secrets: true) == [1, 0])
        #expect(try counts([Signers.hmac.jwk()], secrets: false) == [0, 1])
    }

    @Test("may be empty: then every key was revoked")
    func empty() throws { #expect(try counts([]) == [0, 0]) }

    static let noSets: [(String, KeySetFault)] = [
        ("", .malformed), ("{}", .malformed), ("[]", .malformed), ("{\"keys\":{}}", .malformed),
        ("{\"keys\":[1]}", .malformed), ("{\"keys\":[]", .malformed), ("<html>", .malformed),
        ("{\"keys\":[],\"keys\":[]}", .duplicateMember),
        ("{\"keys\":[{\"kty\":\"oct\",\"kty\":\"RSA\"}]}", .duplicateMember),
    ]

    @Test("is refused whole where it is no set", arguments: noSets)
    func broken(text: String, expected: KeySetFault) { #expect(fault(text) == expected) }

    @Test("has each id once for each algorithm")
    func ambiguity() throws {
        let twin = TokenSigner(.es256, keyID: "es256")
        let set = "{\"keys\":[\(Signers.es256.jwk()),\(twin.jwk())]}"
        #expect(fault(set) == .ambiguous)
        // Of different types, the algorithm tells which is meant.
        let other = TokenSigner(.edDSA, keyID: "es256")
        #expect(try counts([Signers.es256.jwk(), other.jwk()]) == [2, 0])
    }

    @Test("has a bounded number of keys")
    func bound() throws {
        let many = Array(repeating: "{}", count: 1_024)
        #expect(try counts(many) == [0, 1_024])
        #expect(fault("{\"keys\":[\((many + ["{}"]).joined(separator: ","))]}") == .tooManyKeys)
    }
}
