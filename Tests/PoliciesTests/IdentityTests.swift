import Crypto
import Errors
import HTTP
import Kernel
import Testing

@testable import Policies

private let hexPart = String(repeating: "0123456789abcdef", count: 4)
private let bveKey = "sk-bve-" + hexPart
private let strict = CredentialRules(prefix: "sk-bve-", strictKeyFormat: true)
private let lax = CredentialRules(prefix: "sk-")

private func finding(
    _ rules: CredentialRules, _ pairs: [(String, String)]
) -> CredentialRules.Finding {
    let fields = makeFields(pairs)
    return rules.extract(from: fields)
}

@Suite("A credential")
struct CredentialTests {
    @Test(
        "is found behind a Bearer scheme in any case and any number of spaces",
        arguments: ["Bearer ", "bearer ", "BEARER ", "Bearer    "])
    func schemes(scheme: String) {
        let fields = makeFields([("X-A", "b"), ("Authorization", scheme + bveKey)])
        guard case .key(let place) = strict.extract(from: fields) else {
            Issue.record("no key found behind \(scheme)")
            return
        }
        let key = fields.value(at: place.field).extracting(place.bytes).text
        #expect(key == bveKey)
        #expect(place.field == 1)
    }

    @Test("is missing only when there is no field")
    func missing() {
        #expect(finding(strict, []) == .missing)
        #expect(finding(strict, [("x-api-key", bveKey)]) == .missing)
        #expect(finding(strict, [("authorization", "")]) != .missing)
    }

    static let bad: [(String, CredentialFault)] = [
        ("Basic dXNlcjpwYXNz", .wrongScheme), ("Bearer", .empty), ("Bearer  ", .empty),
        (bveKey, .wrongScheme), ("", .wrongScheme), ("Bearer\t" + bveKey, .wrongScheme),
        ("Bearer other-" + hexPart, .wrongPrefix), ("Bearer sk-bve", .wrongPrefix),
        ("Bearer SK-BVE-" + hexPart, .wrongPrefix),
        ("Bearer sk-bve-" + hexPart.uppercased(), .wrongFormat),
        ("Bearer sk-bve-" + hexPart.dropLast(), .wrongFormat),
        ("Bearer sk-bve-" + hexPart + "0", .wrongFormat),
        ("Bearer sk-bve-" + hexPart.dropLast() + "g", .wrongFormat),
        ("Bearer " + bveKey + " x", .badCharacter), ("Bearer " + bveKey + "é", .badCharacter),
        ("Bearer " + bveKey + String(repeating: "a", count: 512), .tooLong),
    ]

    @Test("that cannot be one of the site's keys is told from one that is unknown", arguments: bad)
    func malformed(value: String, fault: CredentialFault) {
        #expect(finding(strict, [("Authorization", value)]) == .malformed(fault))
    }

    @Test("may look as it likes behind the prefix where the format is not strict")
    func laxFormat() {
        let found = finding(lax, [("Authorization", "Bearer sk-ANY.thing_1")])
        #expect(found == .key(CredentialRules.Place(field: 0, bytes: 7..<21)))
        let longest = "sk-" + String(repeating: "a", count: 509)
        #expect(finding(lax, [("Authorization", "Bearer " + longest)]) != .malformed(.tooLong))
        #expect(
            finding(lax, [("Authorization", "Bearer a" + longest)]) == .malformed(.tooLong))
    }

    @Test("is refused when there are several")
    func several() {
        let twice = [("Authorization", "Bearer " + bveKey), ("authorization", "Bearer " + bveKey)]
        #expect(finding(strict, twice) == .malformed(.severalFields))
        let rules = CredentialRules(prefix: "sk-", otherFields: [.xApiKey, .apiKey])
        let both = [("Authorization", "Bearer sk-a"), ("x-api-key", "sk-a")]
        #expect(finding(rules, both) == .malformed(.severalFields))
        let apiKeys = [("x-api-key", "sk-a"), ("x-api-key", "sk-a")]
        #expect(finding(rules, apiKeys) == .malformed(.severalFields))
    }

    @Test("may stand bare or in x-api-key where that is allowed")
    func otherPlaces() {
        let admin = CredentialRules(acceptsBareToken: true)
        #expect(
            finding(admin, [("Authorization", "secret")])
                == .key(CredentialRules.Place(field: 0, bytes: 0..<6)))
        #expect(
            finding(admin, [("Authorization", "Bearer secret")])
                == .key(CredentialRules.Place(field: 0, bytes: 7..<13)))
        let rules = CredentialRules(prefix: "sk-", otherFields: [.xApiKey, .apiKey])
        #expect(
            finding(rules, [("X-API-Key", "sk-a")])
                == .key(CredentialRules.Place(field: 0, bytes: 0..<4)))
    }
}

@Suite("An identity")
struct IdentityTests {
    let hasher = SHA256Hasher()
    let identity = Identity(rules: strict, pepper: Array("pepper".utf8))
    let now = moment(2026, 11, 21)

    func record(_ key: String, _ status: KeyStatus, expiresAt: UnixTime? = nil) -> KeyRecord {
        KeyRecord(
            Principal(id: "id"), name: "name", prefix: "sk-bve-",
            digest: identity.digest(of: key.utf8.span, hasher), status: status,
            expiresAt: expiresAt)
    }

    func decide(_ value: String?, _ records: [KeyRecord]) throws -> Identity.Decision {
        let fields = makeFields(value.map { [("Authorization", $0)] } ?? [])
        return identity.decide(fields, hasher, try KeyTable(records), at: now)
    }

    func error(_ value: String?, _ records: [KeyRecord]) throws -> GatewayError? {
        guard case .refused(let error) = try decide(value, records) else { return nil }
        return error
    }

    @Test("is whom an active key stands for")
    func active() throws {
        let record = record(bveKey, .active)
        guard case .principal(let found) = try decide("Bearer " + bveKey, [record]) else {
            Issue.record("refused")
            return
        }
        #expect(found === record.principal)
    }

    @Test("is nobody without a key, with a malformed one and with an unknown one")
    func nobody() throws {
        let records = [record(bveKey, .active)]
        let other = "Bearer sk-bve-" + String(hexPart.reversed())
        #expect(try error(nil, records) == .missingCredential)
        #expect(try error("Basic x", records) == .malformedCredential(.wrongScheme))
        #expect(try error(other, records) == .unknownCredential)
        #expect(try error("Bearer " + bveKey, []) == .unknownCredential)
    }

    @Test("says what became of a key that was once good")
    func states() throws {
        let value = "Bearer " + bveKey
        #expect(try error(value, [record(bveKey, .revoked)]) == .revokedCredential)
        #expect(try error(value, [record(bveKey, .suspended)]) == .suspendedCredential)
        let past = record(bveKey, .active, expiresAt: now.wall)
        #expect(try error(value, [past]) == .expiredCredential)
        let future = UnixTime(nanoseconds: now.wall.nanoseconds + 1)
        #expect(try error(value, [record(bveKey, .active, expiresAt: future)]) == nil)
        let revokedAndPast = record(bveKey, .revoked, expiresAt: now.wall)
        #expect(try error(value, [revokedAndPast]) == .revokedCredential)
    }

    @Test("depends on the pepper")
    func pepper() throws {
        let other = Identity(rules: strict, pepper: Array("other".utf8))
        let fields = makeFields([("Authorization", "Bearer " + bveKey)])
        let table = try KeyTable([record(bveKey, .active)])
        guard case .refused(.unknownCredential) = other.decide(fields, hasher, table, at: now)
        else {
            Issue.record("the pepper made no difference")
            return
        }
        let plain = hasher.hash((bveKey + "pepper").utf8.span)
        let digest = identity.digest(of: bveKey.utf8.span, hasher)
        #expect(digest == plain)
    }

    @Test("may use the models its key names")
    func models() {
        let open = Principal(id: "open")
        let closed = Principal(
            id: "a", allowedModels: ModelSet(["gpt-4o", "a", "gpt-4o", "o1-mini"]))
        for (name, isAllowed) in [
            ("gpt-4o", true), ("a", true), ("o1-mini", true), ("gpt-4", false), ("gpt-4o ", false),
            ("", false), ("GPT-4o", false), ("b", false), ("zzzzzzz", false),
        ] {
            let byOpen = open.allows(model: name.utf8.span)
            let byClosed = closed.allows(model: name.utf8.span)
            #expect(byOpen)
            #expect(byClosed == isAllowed, "\(name)")
        }
    }
}

@Suite("A key table")
struct KeyTableTests {
    let hasher = SHA256Hasher()

    func digest(_ index: Int) -> Digest { hasher.hash("\(index)".utf8.span) }

    func record(_ index: Int) -> KeyRecord {
        KeyRecord(
            Principal(id: "key-\(index)"), name: "", prefix: "", digest: digest(index))
    }

    @Test("finds every key and no other", arguments: [0, 1, 2, 3, 8, 1_000])
    func lookUp(count: Int) throws {
        let table = try KeyTable((0..<count).map(record))
        for index in 0..<count {
            #expect(table.find(digest(index))?.principal.id == "key-\(index)")
        }
        for index in count..<count + 200 {
            #expect(table.find(digest(index)) == nil)
        }
    }

    @Test("compares more than the first word")
    func collisions() throws {
        func digest(_ last: String) throws -> Digest {
            let hex = String(repeating: "0", count: 63) + last
            return try #require(Digest(hex: hex))
        }
        let records = try ["1", "2", "3"].map {
            KeyRecord(Principal(id: $0), name: "", prefix: "", digest: try digest($0))
        }
        let table = try KeyTable(records)
        for name in ["1", "2", "3"] { #expect(table.find(try digest(name))?.principal.id == name) }
        #expect(table.find(try digest("4")) == nil)
    }

    @Test("refuses the same key twice")
    func duplicate() {
        let twice = [record(1), record(2), record(1)]
        #expect(throws: KeyTable.Duplicate(firstID: "key-1", secondID: "key-1")) {
            try KeyTable(twice)
        }
    }
}
