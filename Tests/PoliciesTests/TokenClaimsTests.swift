import Crypto
import Kernel
import Signing
import Testing

@testable import Policies

@Suite("A token's times")
struct TokenTimeTests {
    @Test("end its life at exp and the leeway")
    func expiry() throws {
        var world = try TokenWorld()
        let end = world.now.seconds
        let token = Signers.es256.token(world.claims(["exp": "\(end)", "iat": nil]))
        let limit = UnixTime(seconds: end + 60)
        #expect(try world.accepted(token).refusedFrom == limit)
        world.now = UnixTime(nanoseconds: limit.nanoseconds - 1)
        #expect(world.fault(token) == nil)
        world.now = limit
        #expect(world.fault(token) == .expired)
        world.rules.leeway = 0
        world.now = UnixTime(nanoseconds: end * 1_000_000_000 - 1)
        #expect(world.fault(token) == nil)
        world.now = UnixTime(seconds: end)
        #expect(world.fault(token) == .expired)
    }

    @Test("begin it at nbf less the leeway; iat is not in the future")
    func beginnings() throws {
        let world = try TokenWorld()
        let limit = world.now.seconds + 60
        #expect(world.fault(claims: ["nbf": "\(limit)"]) == nil)
        #expect(world.fault(claims: ["nbf": "\(limit).000000001"]) == .notYetValid)
        #expect(world.fault(claims: ["nbf": "\(limit + 1)"]) == .notYetValid)
        #expect(world.fault(claims: ["iat": "\(limit)"]) == nil)
        #expect(world.fault(claims: ["iat": "\(limit + 1)"]) == .issuedInFuture)
        #expect(world.fault(claims: ["iat": nil]) == nil)
    }

    @Test("differ by no more than a minute, whatever somebody sets")
    func leeway() {
        var rules = TokenRules(issuers: [], audiences: [])
        rules.leeway = 61
        #expect(rules.leeway == 60)
        rules.leeway = -1
        #expect(rules.leeway == 0)
    }

    static let noDates = [
        "-1", "-0", "1e10", "1E10", "1.5e3", "\"1795222800\"", "null", "true", "[]", "{}",
        "253402300800", "9223372036854775807", "9223372036854775808", "1e400",
        "99999999999999999999999999999999999999999999", "-99999999999999999999999999",
    ]

    @Test("are numbers up to the year 9999, without a sign or an exponent", arguments: noDates)
    func broken(number: String) throws {
        let world = try TokenWorld()
        for name in ["exp", "nbf", "iat"] {
            #expect(world.fault(claims: [name: number]) == .badTime, "\(name)")
        }
    }

    @Test("may have fractions and may be far away")
    func fractions() throws {
        let world = try TokenWorld()
        let second = world.now.seconds + 5
        let claims = try world.accepted(claims: ["exp": "\(second).25"])
        #expect(claims.expiresAt.nanoseconds == second * 1_000_000_000 + 250_000_000)
        let long = try world.accepted(claims: ["exp": "\(second).12345678901234567890"])
        #expect(long.expiresAt.nanoseconds == second * 1_000_000_000 + 123_456_789)
        let never = try world.accepted(claims: ["exp": "253402300799"])
        #expect(never.refusedFrom > UnixTime(seconds: 8_999_999_999))
        #expect(world.fault(claims: ["nbf": "253402300799.9"]) == .notYetValid)
        #expect(world.fault(claims: ["iat": "0", "nbf": "0.0"]) == nil)
        #expect(world.fault(claims: ["exp": "0"]) == .expired)
    }

    @Test("must be there where they end its life")
    func missing() throws {
        let world = try TokenWorld()
        #expect(world.fault(claims: ["exp": nil]) == .noExpiry)
    }
}

@Suite("A token's claims")
struct TokenClaimsTests {
    @Test("name an issuer and an audience that the rules know")
    func parties() throws {
        let world = try TokenWorld()
        for bad in [
            nil, "null", "7", "\"https://issuer.example/\"", "\"HTTPS://issuer.example\"", "\"\"",
            "[\"https://issuer.example\"]",
        ] {
            #expect(world.fault(claims: ["iss": bad]) == .wrongIssuer, "\(bad ?? "-")")
        }
        for bad in [
            nil, "null", "7", "\"other\"", "\"gatehouse \"", "[]", "[\"a\",\"b\"]",
            "[[\"gatehouse\"]]", "[\"gatehouse\",1]", "{\"gatehouse\":1}",
        ] {
            #expect(world.fault(claims: ["aud": bad]) == .wrongAudience, "\(bad ?? "-")")
        }
        #expect(world.fault(claims: ["aud": "[\"a\",\"gatehouse\"]"]) == nil)
    }

    @Test("are believed of nobody when the rules name nobody")
    func noParties() throws {
        var world = try TokenWorld()
        let token = Signers.es256.token(world.claims())
        world.rules.audiences = []
        #expect(world.fault(token) == .wrongAudience)
        world.rules.issuers = []
        #expect(world.fault(token) == .wrongIssuer)
    }

    @Test("occur once each")
    func duplicates() throws {
        let world = try TokenWorld()
        let claims = world.claims()
        for more in ["\"uid\":\"user-2\"", "\"u\\u0069d\":\"user-2\"", "\"model\":1,\"model\":2"] {
            let token = Signers.es256.token(claims.dropLast() + "," + more + "}")
            #expect(world.fault(token) == .duplicateMember)
        }
        let inner = Signers.es256.token(claims.dropLast() + ",\"a\":{\"uid\":1}}")
        #expect(world.fault(inner) == nil)
    }

    @Test("are a JSON object", arguments: ["", "[]", "\"x\"", "null", "{", "{}x", "{\"exp\":}"])
    func objects(payload: String) throws {
        let world = try TokenWorld()
        #expect(world.fault(Signers.es256.token(payload)) == .malformed)
    }

    @Test("are all there that the rules demand")
    func required() throws {
        var world = try TokenWorld()
        world.rules.requiredClaims = [Array("jti".utf8), Array("tid".utf8)]
        #expect(world.fault(claims: ["jti": "\"1\""]) == .missingClaim)
        #expect(world.fault(claims: ["jti": "\"1\"", "tid": "null"]) == .missingClaim)
        #expect(world.fault(claims: ["jti": "\"1\"", "tid": "\"t\""]) == nil)
    }

    @Test("say who the caller is")
    func caller() throws {
        let world = try TokenWorld()
        let claims = try world.accepted(claims: [
            "tid": "\"t-1\"", "pid": "\"p-1\"", "uid": "\"\\u00fc\"", "role": "\"admin\"",
            "scp": "[\"chat\",\"files\"]", "tier": "2", "sid": "\"s-1\"",
        ])
        #expect(text(claims.tenant) == "t-1")
        #expect(text(claims.project) == "p-1")
        #expect(text(claims.user) == "ü")
        #expect(text(claims.role) == "admin")
        #expect(claims.scopes.map { text($0) } == ["chat", "files"])
        #expect(text(claims.tier) == "2")
        #expect(text(claims.session) == "s-1")
        #expect(!claims.isTenantSigned)
        let (chat, cha) = (claims.hasScope("chat".utf8.span), claims.hasScope("cha".utf8.span))
        #expect(chat && !cha)
        let none = try world.accepted(claims: ["uid": nil, "tid": "null"])
        #expect(none.user == nil && none.tenant == nil && none.scopes.isEmpty)
    }

    @Test("may have other names")
    func map() throws {
        var world = try TokenWorld()
        world.rules.claims.tenant = Array("https://example.com/tenant".utf8)
        world.rules.claims.user = Array("sub".utf8)
        world.rules.claims.role = []
        let claims = try world.accepted(claims: [
            "https://example.com/tenant": "\"t\"", "sub": "\"s\"", "role": "\"admin\"",
        ])
        #expect(text(claims.tenant) == "t" && text(claims.user) == "s")
        #expect(claims.role == nil)
    }

    static let scopeClaims: [(String, String, [String])] = [
        ("scp", "\"a b  c \"", ["a", "b", "c"]), ("scp", "\"\"", []), ("scp", "[]", []),
        ("scope", "\"x y\"", ["x", "y"]), ("scope", "[\"x\"]", ["x"]),
        ("scp", "[\"with space\"]", ["with space"]),
    ]

    @Test("list scopes, or name them in one string", arguments: scopeClaims)
    func scopes(name: String, value: String, scopes: [String]) throws {
        let world = try TokenWorld()
        let claims = try world.accepted(claims: [name: value])
        #expect(claims.scopes.map { text($0) } == scopes)
    }

    static let badValues = [
        "true", "[]", "{}", "1.5", "-1", "1e3", "\"a\\u0000b\"", "\"a\\r\\nX-Role: admin\"",
        "\"\\u007f\"", "\"" + String(repeating: "x", count: 257) + "\"",
        "123456789012345678901234567890",
    ]

    @Test("that say who the caller is are short and clean", arguments: badValues)
    func bad(value: String) throws {
        let world = try TokenWorld()
        for name in ["tid", "pid", "uid", "role", "tier", "sid"] {
            #expect(world.fault(claims: [name: value]) == .badClaim, "\(name)")
        }
        #expect(world.fault(claims: ["scp": "[\"a\",1]"]) == .badClaim)
        #expect(world.fault(claims: ["scp": "{}"]) == .badClaim)
        #expect(world.fault(claims: ["scp": "[\"\\n\"]"]) == .badClaim)
    }

    @Test("of a tenant's own key are about that tenant and make a plain user")
    func tenantSigned() throws {
        var world = try TokenWorld()
        world.keys = try TokenWorld.keys([Signers.es256.jwk("\"tid\":\"t-1\"")])
        let claims = try world.accepted(claims: ["tid": "\"t-1\"", "role": "\"admin\""])
        #expect(text(claims.role) == "user")
        #expect(claims.isTenantSigned)
        #expect(world.fault(claims: ["tid": "\"t-2\""]) == .foreignTenant)
        #expect(world.fault(claims: ["tid": nil]) == .foreignTenant)
    }

    @Test("that fail have a reason of their own in the log")
    func reasons() {
        let reasons = Set(TokenFault.allCases.map { "\($0.logReason)" })
        #expect(reasons.count == TokenFault.allCases.count)
    }
}
