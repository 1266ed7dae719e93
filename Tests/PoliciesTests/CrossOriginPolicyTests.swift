import HTTP
import Policies
import Testing

@Suite("The rules for pages of other origins")
struct CrossOriginPolicyTests {
    private let page = ("origin", "https://app.example")

    private func answer(_ policy: CrossOriginPolicy, _ request: [(String, String)]) -> [String] {
        var fields = Fields()
        policy.append(makeFields(request), to: &fields)
        return lines(fields)
    }

    private func preflight(_ policy: CrossOriginPolicy, _ request: [(String, String)]) -> [String] {
        var fields = Fields()
        policy.appendPreflight(makeFields(request), to: &fields)
        return lines(fields)
    }

    @Test("admit every origin without credentials, even when those are asked for")
    func any() {
        let policy = CrossOriginPolicy(allowsCredentials: true, exposedFields: ["X-A", "X-B"])
        #expect(
            answer(policy, [page]) == [
                "access-control-allow-origin: *", "access-control-expose-headers: X-A, X-B",
            ])
        #expect(answer(policy, []) == [])
    }

    @Test("name a listed origin, and tell caches that it was decided by the origin")
    func listed() {
        let policy = CrossOriginPolicy(
            origins: .listed([Array("https://app.example".utf8)]), allowsCredentials: true)
        #expect(
            answer(policy, [page]) == [
                "vary: Origin", "access-control-allow-origin: https://app.example",
                "access-control-allow-credentials: true",
            ])
        #expect(answer(policy, []) == ["vary: Origin"])
    }

    @Test(
        "say nothing to an origin that is not listed",
        arguments: [
            "https://app.example.evil", "http://app.example", "https://APP.example", "null",
        ])
    func stranger(origin: String) {
        let policy = CrossOriginPolicy(origins: .listed([Array("https://app.example".utf8)]))
        #expect(answer(policy, [("origin", origin)]) == ["vary: Origin"])
        #expect(preflight(policy, [("origin", origin)]) == [])
    }

    @Test("let a page send what it asks for, or what is listed")
    func requestFields() {
        let asked = ("access-control-request-headers", "x-stainless-os")
        #expect(
            preflight(CrossOriginPolicy(maxAgeSeconds: 7), [page, asked]) == [
                "access-control-allow-methods: GET, POST, DELETE, OPTIONS",
                "access-control-allow-headers: x-stainless-os",
                "vary: Access-Control-Request-Headers", "access-control-max-age: 7",
            ])
        let fixed = CrossOriginPolicy(requestFields: .listed(Array("X-A".utf8)))
        #expect(preflight(fixed, [page, asked]).contains("access-control-allow-headers: X-A"))
    }
}
