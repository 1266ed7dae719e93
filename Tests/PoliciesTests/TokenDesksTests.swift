import Crypto
import Errors
import Kernel
import Signing
import Synchronization
import Testing

@testable import Policies

/// Two issuers, each with a key of its own, and a site that trusts both.
@Suite("Several issuers of one site")
struct TokenDesksTests {
    private static let second = "\"https://second.example\""

    private final class Bell: Sendable {
        let rung = Atomic<Int>(0)
    }

    private struct House {
        let world: TokenWorld
        let desks: [TokenDesk]
        let bells = [Bell(), Bell()]

        init(_ signers: [TokenSigner] = [Signers.es256, Signers.ed25519]) throws {
            world = try TokenWorld()
            var other = world.rules
            other.issuers = [Array("https://second.example".utf8)]
            other.audiences = [Array("elsewhere".utf8)]
            other.maxTokenBytes = 600
            let rules = [world.rules, other]
            var desks: [TokenDesk] = []
            for (index, signer) in signers.enumerated() {
                let bell = bells[index]
                let issuer = TokenIssuer(
                    name: "\(index)", rules: rules[index],
                    holders: TokenHolders(
                        issuer: "\(index)", directory: Directory(), meters: MeterTable()),
                    cacheEntries: 16, demand: KeyDemand { bell.rung.add(1, ordering: .relaxed) })
                let keys = try TokenWorld.keys([signer.jwk()])
                desks.append(TokenDesk(issuer, world.verifier, keys: keys))
            }
            self.desks = desks
        }

        /// Why a token is refused by a site that trusts those; nil: it is not.
        func error(_ token: String, trusting trusted: [Int] = [0, 1]) -> GatewayError? {
            let decision = TokenDesks(desks, trusted: trusted)
                .decide(token.utf8.span, SHA256Hasher(), now: world.now)
            guard case .refused(let error) = decision else { return nil }
            return error
        }
    }

    private func ofFirst(_ house: House, _ signer: TokenSigner = Signers.es256) -> String {
        signer.token(house.world.claims())
    }

    private func ofSecond(
        _ house: House, _ signer: TokenSigner = Signers.ed25519, aud: String = "\"elsewhere\""
    ) -> String {
        signer.token(house.world.claims(["iss": Self.second, "aud": aud]))
    }

    @Test("a token is verified by the keys and the rules of the issuer that it names")
    func each() throws {
        let house = try House()
        #expect(house.error(ofFirst(house)) == nil)
        #expect(house.error(ofSecond(house)) == nil)
        let audience = house.error(ofSecond(house, aud: "\"gatehouse\""))
        #expect(audience == .invalidToken("token_wrong_audience"))
        let padding = "\"" + String(repeating: "a", count: 600) + "\""
        let long = Signers.ed25519.token(
            house.world.claims(["iss": Self.second, "x": padding]))
        #expect(house.error(long) == .invalidToken("token_too_long"))
    }

    @Test("a token in one issuer's name with another's key is refused")
    func foreignKey() throws {
        let house = try House()
        let unknown = GatewayError.invalidToken("token_unknown_key")
        #expect(house.error(ofFirst(house, Signers.ed25519)) == unknown)
        #expect(house.error(ofSecond(house, Signers.es256)) == unknown)
        // Also where both keys go by one name.
        let twins = [TokenSigner(.es256, keyID: "key"), TokenSigner(.es256, keyID: "key")]
        let alike = try House(twins)
        #expect(alike.error(ofFirst(alike, twins[0])) == nil)
        let forged = GatewayError.invalidToken("token_bad_signature")
        #expect(alike.error(ofFirst(alike, twins[1])) == forged)
        #expect(alike.error(ofSecond(alike, twins[0])) == forged)
    }

    @Test("a site believes only those whom it trusts")
    func trust() throws {
        let house = try House()
        let stranger = GatewayError.invalidToken("token_wrong_issuer")
        #expect(house.error(ofSecond(house), trusting: [1]) == nil)
        // Remembered at the other desk, which this site does not ask.
        #expect(house.error(ofSecond(house), trusting: [0]) != nil)
        let other = house.world.claims(["iss": "\"https://third.example\""])
        #expect(house.error(Signers.es256.token(other)) == stranger)
        let nameless = house.world.claims(["iss": nil])
        #expect(house.error(Signers.es256.token(nameless)) == stranger)
        let number = house.world.claims(["iss": "1"])
        #expect(house.error(Signers.es256.token(number)) == stranger)
    }

    @Test("what cannot be read far enough to name an issuer is malformed")
    func malformed() throws {
        let house = try House()
        for token in ["", "a", "a.b", "..", "a.!.c", "e30.e30", "e30.W10.x"] {
            #expect(house.error(token) == .invalidToken("token_malformed"), "\(token)")
        }
        let long = String(repeating: "a", count: 8_193)
        #expect(house.error(long) == .invalidToken("token_too_long"))
    }

    @Test("a token is remembered at its issuer's desk until that issuer's keys change")
    func remembered() throws {
        let house = try House()
        let tokens = [ofFirst(house), ofSecond(house)]
        for _ in 0..<4 {
            for token in tokens { #expect(house.error(token) == nil) }
        }
        #expect(house.desks.map(\.examined) == [1, 1])
        #expect(house.desks.map(\.remembered) == [3, 3])
        house.desks[0].replace(try TokenWorld.keys([Signers.rsa.jwk()], version: 2))
        #expect(house.error(tokens[0]) == .invalidToken("token_unknown_key"))
        #expect(house.error(tokens[1]) == nil)
        // Only those keys are asked for again that the token could mean.
        #expect(house.bells.map { $0.rung.load(ordering: .relaxed) } == [1, 0])
    }

    @Test("before the keys of one are known, tokens of the other are believed")
    func partly() throws {
        let house = try House()
        let waiting = TokenDesk(house.desks[1].issuer, house.world.verifier)
        let desks = TokenDesks([house.desks[0], waiting], trusted: [0, 1])
        func decide(_ token: String) -> Identity.Decision {
            desks.decide(token.utf8.span, SHA256Hasher(), now: house.world.now)
        }
        guard case .principal = decide(ofFirst(house)) else {
            Issue.record("not believed")
            return
        }
        guard case .refused(.authorityUnavailable) = decide(ofSecond(house)) else {
            Issue.record("decided without keys")
            return
        }
    }
}
