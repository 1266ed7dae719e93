import Errors
import Kernel
import Policies
import Testing

@Suite("What a caller may do")
struct PrincipalTests {
    private func organization(
        _ id: String = "o", suspended: Bool = false, killed: Bool = false
    ) -> Organization {
        Organization(id: id, isSuspended: suspended, isKilled: killed)
    }

    private func project(
        _ id: String, of organization: Organization, suspended: Bool = false, killed: Bool = false
    ) -> Project {
        Project(
            id: id, slug: "slug-\(id)", organization: organization, isSuspended: suspended,
            isKilled: killed, gate: Gate(.unlimited, Meter()))
    }

    private func refusal(
        of principal: Principal, at addressed: Project? = nil, killed: Bool = false,
        _ permission: Permission = .none
    ) -> GatewayError? {
        principal.refusal(
            addressing: addressed, in: Directory(isKilled: killed), demanding: permission)
    }

    @Test("a suspended project or organization is refused, and before everything else")
    func suspended() {
        let held = project("p", of: organization(killed: true), suspended: true, killed: true)
        let mine = Principal(id: "k", project: held)
        #expect(refusal(of: mine, killed: true) == .suspendedProject)
        let theirs = Principal(id: "k", organization: organization(suspended: true))
        #expect(refusal(of: theirs, killed: true) == .suspendedOrganization)
    }

    @Test("a host that stands for a project lets in its own callers only")
    func tenants() {
        let mine = organization()
        let first = project("1", of: mine)
        let second = project("2", of: mine)
        let foreign = project("3", of: organization("other"))
        let ofFirst = Principal(id: "k", project: first)
        #expect(refusal(of: ofFirst, at: first) == nil)
        #expect(refusal(of: ofFirst, at: second) == .otherTenant)
        #expect(refusal(of: ofFirst) == nil)
        let ofAll = Principal(id: "k", organization: mine)
        #expect(refusal(of: ofAll, at: second) == nil)
        #expect(refusal(of: ofAll, at: foreign) == .otherTenant)
        #expect(refusal(of: Principal(id: "k"), at: foreign) == nil)
        // Who does not belong here is not told what is switched off.
        let off = project("4", of: organization("other"), killed: true)
        #expect(refusal(of: ofFirst, at: off) == .otherTenant)
    }

    @Test("kill switches stop all, one organization, one project, the widest first")
    func switches() {
        let stopped = organization(killed: true)
        let all = Principal(id: "k", project: project("p", of: stopped, killed: true))
        #expect(refusal(of: all, killed: true) == .killed(.everything))
        #expect(refusal(of: all) == .killed(.organization))
        let running = organization()
        let one = project("p", of: running, killed: true)
        #expect(refusal(of: Principal(id: "k", project: one)) == .killed(.project))
        // A key of the whole organization is stopped at that project alone.
        let wide = Principal(id: "k", organization: running)
        #expect(refusal(of: wide, at: one) == .killed(.project))
        #expect(refusal(of: wide, at: project("q", of: running)) == nil)
        #expect(refusal(of: Principal(id: "k"), killed: true) == .killed(.everything))
    }

    @Test("a scope is demanded exactly, and implies no other")
    func scopes() {
        let reader = Principal(id: "k", scopes: ["leads:read", "invoices:read"])
        #expect(refusal(of: reader, Permission(scope: "leads:read")) == nil)
        for scope in ["leads:write", "leads", "leads:rea", "leads:read ", ""] {
            let found = refusal(of: reader, Permission(scope: scope))
            #expect(found == .insufficientScope(need: scope))
        }
        let writer = Principal(id: "k", scopes: ["leads:write"])
        #expect(
            refusal(of: writer, Permission(scope: "leads:read"))
                == .insufficientScope(need: "leads:read"))
    }

    @Test("one of the roles has to be the caller's, and a scope is asked for first")
    func roles() {
        let admin = Principal(id: "k", role: "admin")
        let permission = Permission(roles: ["owner", "admin"])
        #expect(refusal(of: admin, permission) == nil)
        #expect(refusal(of: Principal(id: "k"), permission) == .insufficientRole)
        let both = Permission(scope: "a", roles: ["owner"])
        #expect(refusal(of: admin, both) == .insufficientScope(need: "a"))
    }

    @Test("projects are found by slug in any case and by id as it is")
    func directory() {
        let some = (0..<100).map { project("id-\($0)", of: organization()) }
        let directory = Directory(projects: some)
        for index in some.indices {
            let bySlug = directory.project(slug: "SLUG-ID-\(index)".utf8.span)
            let byID = directory.project(id: "id-\(index)".utf8.span)
            #expect(bySlug === some[index] && byID === some[index])
        }
        let unknown = directory.project(slug: "slug-id-100".utf8.span)
        let wrongCase = directory.project(id: "ID-1".utf8.span)
        let empty = directory.project(slug: "".utf8.span)
        #expect(unknown == nil && wrongCase == nil && empty == nil)
    }

    @Test("tiers are found by name and by number")
    func tiers() {
        let tiers = [Tier(name: "free", number: 0), Tier(name: "pro", number: 1), Tier(name: "x")]
        let home = Project(
            id: "p", slug: "p", organization: organization(), gate: Gate(.unlimited, Meter()),
            tiers: tiers)
        for (name, expected) in [("free", "free"), ("1", "pro"), ("x", "x"), ("0", "free")] {
            let found = home.tier(name.utf8.span)
            #expect(found?.name == expected)
        }
        for name in ["", "2", "Free", "prox"] {
            let found = home.tier(name.utf8.span)
            #expect(found == nil)
        }
    }
}
