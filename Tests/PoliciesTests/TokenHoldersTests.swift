import Errors
import HTTP
import Kernel
import Signing
import Testing

@testable import Policies

@Suite("Whom a token speaks for")
struct TokenHoldersTests {
    private let meters = MeterTable()
    private let noon = moment(2026, 11, 21, 12)

    private func directory(perMinute: Int? = 100) throws -> Directory {
        let acme = Organization(id: "acme")
        let limits = RequestLimits(perMinute: perMinute, minuteKind: .calendarMinute)
        let user = RequestLimits(perMinute: 5, minuteKind: .calendarMinute)
        var pro = user
        pro.perMinute = 8
        return Directory(projects: [
            Project(
                id: "prj", slug: "slug", organization: acme,
                gate: Gate(limits, try meters.meter(for: .project("prj"))), userLimits: user,
                tiers: [
                    Tier(name: "free", number: 0, limits: user),
                    Tier(name: "pro", number: 1, limits: pro),
                ])
        ])
    }

    private func holders(_ directory: Directory) -> TokenHolders {
        TokenHolders(
            issuer: "i", directory: directory, meters: meters,
            userLimits: RequestLimits(perDay: 2), userTokens: TokenLimits(perDay: 500))
    }

    private func principal(
        _ holders: TokenHolders, _ claims: [String: String?]
    ) throws -> Principal {
        var world = try TokenWorld()
        world.rules.leeway = 0
        var all: [String: String?] = [
            "tid": "\"acme\"", "pid": "\"prj\"", "uid": "\"alice\"",
        ]
        for (name, value) in claims { all.updateValue(value, forKey: name) }
        return try holders.principal(of: try world.accepted(claims: all))
    }

    private func error(_ holders: TokenHolders, _ claims: [String: String?]) throws -> GatewayError?
    {
        do {
            _ = try principal(holders, claims)
            return nil
        } catch let error as GatewayError {
            return error
        }
    }

    /// How many requests are admitted before the first refusal.
    private func room(_ principal: Principal) -> Int {
        var count = 0
        while count < 1_000, principal.gates.admit(at: noon).isAdmitted { count += 1 }
        return count
    }

    @Test("a token of a project that nobody knows, or of another tenant, speaks for nobody")
    func strangers() throws {
        let holders = holders(try directory())
        #expect(
            try error(holders, ["pid": "\"other\""]) == .invalidToken("token_unknown_project"))
        #expect(
            try error(holders, ["tid": "\"rival\""]) == .invalidToken("token_foreign_project"))
        #expect(try error(holders, [:]) == nil)
    }

    @Test("a user has one count for all tokens, another than its neighbour's")
    func users() throws {
        let holders = holders(try directory())
        let first = try principal(holders, [:])
        let second = try principal(holders, ["sid": "\"other session\""])
        #expect(first !== second)
        #expect(room(first) == 5)
        #expect(room(second) == 0)
        #expect(room(try principal(holders, ["uid": "\"bob\""])) == 5)
    }

    @Test("a tier, named or numbered, sets what its users may; a better one counts from then on")
    func tiers() throws {
        let holders = holders(try directory())
        #expect(room(try principal(holders, ["tier": "\"free\""])) == 5)
        #expect(room(try principal(holders, ["tier": "\"pro\""])) == 3)
        let numbered = try principal(holders, ["uid": "\"bob\"", "tier": "\"1\""])
        #expect(room(numbered) == 8)
        let unknown = try principal(holders, ["uid": "\"eve\"", "tier": "\"gold\""])
        #expect(room(unknown) == 5)
    }

    @Test("a service, which names no user, is held by the project's limit alone")
    func services() throws {
        let holders = holders(try directory(perMinute: 20))
        #expect(room(try principal(holders, [:])) == 5)
        #expect(room(try principal(holders, ["uid": nil])) == 15)
    }

    @Test("without projects each user has the issuer's limits")
    func noProjects() throws {
        let holders = holders(Directory())
        let alice = try principal(holders, ["pid": "\"anything\""])
        #expect(alice.project == nil && room(alice) == 2)
        let bob = try principal(holders, ["uid": "\"bob\""])
        #expect(room(bob) == 2)
        let budget = try #require(bob.gates.budget)
        #expect(budget.hold(500, at: noon) == nil && budget.hold(1, at: noon) != nil)
        #expect(alice.gates.budget?.hold(500, at: noon) == nil)
        let ofProject = try principal(self.holders(try directory()), [:])
        #expect(ofProject.gates.budget == nil)
    }

    @Test("what upstreams are told is what the claims say")
    func identity() throws {
        let holders = holders(try directory())
        let caller = try principal(
            holders,
            ["role": "\"member\"", "tier": "\"pro\"", "scp": "[\"a\", \"b\"]"])
        #expect(caller.role == "member" && caller.scopes == ["a", "b"])
        #expect(caller.id == "prj/alice" && caller.project?.id == "prj")
        let told = lines(caller.identityFields)
        #expect(
            told == [
                "x-tenant-id: acme", "x-project-id: prj", "x-end-user-id: alice",
                "x-role: member", "x-tier: pro",
            ])
    }

    private func lines(_ fields: borrowing Fields) -> [String] {
        var lines: [String] = []
        for index in 0..<fields.count {
            lines.append(fields.name(at: index).text + ": " + fields.value(at: index).text)
        }
        return lines
    }

    @Test("more users than may be counted are told to come again")
    func full() throws {
        let narrow = MeterTable(bound: 1)
        let holders = TokenHolders(issuer: "i", directory: Directory(), meters: narrow)
        #expect(try error(holders, [:]) == nil)
        #expect(try error(holders, ["uid": "\"bob\""]) == .overloaded(retryAfterSeconds: 60))
    }
}
