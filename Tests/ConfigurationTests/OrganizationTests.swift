import Configuration
import Testing

@Suite("Organizations, projects and what names them")
struct OrganizationTests {
    private static let text = """
        organizations:
          - id: acme
            name: Acme Ltd
            projects:
              - id: prj-1
                slug: Brave-Otter-123
                requestsPerMinute: 60
                tiers:
                  - {name: free, number: 0, requestsPerMinute: 10, requestsPerDay: 100}
                  - {name: pro, number: 1}
              - {id: prj-2, status: suspended, requestsPerDay: unlimited}
          - {id: off, status: suspended, killed: true}
        """

    private func problems(_ text: String) -> [String] {
        Sample.problems(Sample.minimal + "\n" + text).map {
            $0.split(separator: ": ", maxSplits: 1)[1].description
        }
    }

    @Test("are read with their defaults")
    func reading() throws {
        let configuration = try Configuration.read(
            Sample.minimal + "\nkilled: true\n" + Self.text, path: "main.yaml", checkFiles: false)
        let organizations = configuration.organizations
        #expect(configuration.killed)
        #expect(organizations.map(\.id) == ["acme", "off"])
        #expect(organizations[1].killed && organizations[1].status == .suspended)
        let projects = organizations[0].projects
        #expect(projects[0].slug == "brave-otter-123" && projects[0].requestsPerMinute == 60)
        #expect(projects[0].tiers.map(\.number) == [0, 1])
        #expect(projects[0].tiers[1].requestsPerMinute == nil)
        #expect(projects[1].status == .suspended && projects[1].slug == nil)
    }

    @Test(
        "names are unique and known",
        arguments: [
            ("organizations: [{id: a}, {id: a}]", "organization \"a\" is taken (7:22)"),
            (
                "organizations: [{id: a, projects: [{id: p}]}, {id: b, projects: [{id: p}]}]",
                "project \"p\" is taken (7:41)"
            ),
            (
                "organizations: [{id: a, projects: [{id: p, slug: s}, {id: q, slug: S}]}]",
                "slug \"s\" is taken (7:50)"
            ),
            (
                "organizations: [{id: a, projects: [{id: p, slug: a.b}]}]",
                "expected label of a host name, not \"a.b\""
            ),
            (
                "organizations: [{id: a, projects: [{id: p, tiers: [{name: x}, {name: x}]}]}]",
                "a second tier of that name"
            ),
            (
                "organizations: [{id: a, projects: [{id: p, tiers: [{name: \"1\"}, "
                    + "{name: y, number: 1}]}]}]", "a second tier of that name"
            ),
            ("organizations: [{name: a}]", "\"id\" is missing"),
        ])
    func names(text: String, problem: String) {
        #expect(problems(text) == [problem])
    }

    @Test("a key names its organization or its project, and only ones there are")
    func keys() {
        let hash = "sha256:" + String(repeating: "1", count: 64)
        func problems(_ more: String) -> [String] {
            let key = "{id: k, prefix: sk-1, hash: \"\(hash)\", \(more)}"
            let text = Sample.minimal.replacing("name: main,", with: "name: main, keys: [\(key)],")
            return Sample.problems(text + "\n" + Self.text)
        }
        #expect(problems("project: prj-1, role: admin").isEmpty)
        #expect(problems("organization: acme").isEmpty)
        #expect(problems("project: prj-3").count == 1)
        #expect(problems("organization: prj-1").count == 1)
        #expect(problems("organization: acme, project: prj-1").count == 1)
    }
}
