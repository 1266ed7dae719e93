import Errors
import HTTP
import Kernel
import Policies
import Testing

@testable import Proxy

@Suite("Which site answers for a host")
struct SiteDirectoryTests {
    private static func site(_ name: String, _ dialect: Dialect) throws -> Site {
        Site(
            name: name, dialect: dialect, routes: try RouteTable([]), actions: [],
            identity: Identity(rules: CredentialRules(), pepper: []), keys: try KeyTable([]),
            requestHeaders: RequestHeaderPolicy(), responseHeaders: .allBut(), latencyField: nil,
            sendsRateLimitFields: true, crossOrigin: CrossOriginPolicy(), upstream: 0)
    }

    private static func directory(
        _ hosts: [(String, String)], _ dialects: [String: Dialect] = [:], fallback: String? = nil
    ) throws -> SiteDirectory {
        func make(_ name: String) throws -> Site {
            try site(name, dialects[name] ?? .openAI(errorParam: true))
        }
        return SiteDirectory(
            hosts: try hosts.map { (name: $0.0, site: try make($0.1)) },
            fallback: try fallback.map(make))
    }

    /// The site's name, and behind a bar the label that its pattern took.
    private func found(_ authority: String, in directory: SiteDirectory) -> String? {
        var text = ByteBuffer()
        text.append(authority.utf8.span)
        guard let place = directory.find(text) else { return nil }
        guard let label = place.label else { return place.site.name }
        return place.site.name + "|" + text.withSlice(label) { $0.text }
    }

    @Test("is the one that names it, else the one with its pattern, else that of every host")
    func order() throws {
        let hosts = [("api.example", "exact"), ("*.example", "pattern"), ("[::1]", "six")]
        let directory = try Self.directory(hosts, fallback: "others")
        let expected = [
            "api.example": "exact", "API.Example:8443": "exact", "[::1]:80": "six",
            "[::1]": "six", "one.example": "pattern|one", "ONE.example:1": "pattern|ONE",
            "a.one.example": "others", ".example": "others", "example": "others",
            "api.example.": "others", "": "others", ":80": "others", "[": "others",
        ]
        for (authority, name) in expected {
            #expect(found(authority, in: directory) == name, "\(authority)")
        }
    }

    @Test("is none where no site takes every host")
    func nowhere() throws {
        let directory = try Self.directory([("api.example", "a"), ("*.b.example", "b")])
        for authority in ["other.example", "b.example", "x.y.b.example", "", "api.example.com"] {
            #expect(found(authority, in: directory) == nil, "\(authority)")
        }
    }

    @Test("what fails before that is known is worded as all sites agree, else as OpenAI does")
    func dialects() throws {
        let hosts = [("a", "a"), ("b", "b")]
        let usual = Dialect.openAI(errorParam: true)
        let agreed = try Self.directory(hosts, ["a": .behestData, "b": .behestData])
        #expect(agreed.commonDialect == .behestData)
        #expect(try Self.directory(hosts, ["a": .behestData]).commonDialect == usual)
        let ruled = try Self.directory(hosts, ["others": .devSphere], fallback: "others")
        #expect(ruled.commonDialect == .devSphere)
        #expect(try Self.directory([]).commonDialect == usual)
    }
}
