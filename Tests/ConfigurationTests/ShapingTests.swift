import Testing

@testable import Configuration

@Suite("What goes upstream") struct ShapingTests {
    private func text(_ site: String, upstream: String = "") -> String {
        Sample.minimal.replacing("name: up,", with: "name: up,\(upstream)")
            .replacing("upstream: up}", with: "upstream: up, \(site)}")
    }

    private func messages(_ site: String, upstream: String = "") -> [String] {
        Sample.problems(
            text(site, upstream: upstream), checkFiles: true,
            environment: ["KEY": "k", "BAD": "hidden\nb"])
    }

    @Test("a rule for models has one target, or several, and fallbacks")
    func models() throws {
        let site = """
            models: [{model: a, as: b}, \
            {model: "c*", targets: [{weight: 3}, {as: d, upstream: up}], \
            fallbacks: [{as: e, credential: {env: KEY}}], fallbackOn: [429, 404]}]
            """
        let read = try Sample.read(text(site), environment: ["KEY": "k"]).sites[0].models
        #expect(read.map(\.model) == ["a", "c*"])
        #expect(read[0].targets.map(\.upstreamName) == ["b"] && read[0].fallbacks.isEmpty)
        #expect(read[0].fallbackOn == [429, 500, 502, 503, 504, 529])
        #expect(read[1].targets.map(\.weight) == [3, 1])
        #expect(read[1].targets.map(\.upstream) == [nil, "up"])
        #expect(read[1].fallbacks[0].credential == Secret(Array("k".utf8)))
        #expect(read[1].fallbackOn == [429, 404])
    }

    @Test(
        "rules that contradict themselves are refused",
        arguments: [
            "{model: a}", "{as: b}", "{model: \"a*b\", as: c}", "{model: a, upstream: nowhere}",
            "{model: a, as: b, targets: [{as: c}]}", "{model: a, targets: [{weight: 0}]}",
            "{model: a, credential: {env: KEY}, targets: [{}]}", "{model: a, targets: {as: b}}",
            "{model: a, fallbacks: [{as: b, weight: 2}]}", "{model: a, as: b, fallbackOn: [399]}",
            "{model: a, as: b, fallbackOn: [600]}", "{model: a, as: b, fallbackOn: 429}",
            "{model: a, fallbacks: [{upstream: nowhere}]}",
            "{model: a, credential: {env: NONE}}", "{model: a, credential: {env: BAD}}",
            "{model: a, fallbacks: [{}, {}, {}, {}, {}, {}, {}, {}, {}]}",
        ])
    func contradictions(rule: String) {
        let found = messages("models: [\(rule)]")
        #expect(found.count == 1, "\(found)")
    }

    @Test("another credential is shown as the upstream wants it")
    func credential() throws {
        let upstream = " credentialHeader: X-Key, credentialScheme: none,"
        let written = text("credential: {env: KEY}", upstream: upstream)
        let read = try Sample.read(written, environment: ["KEY": "k"])
        let secret = try #require(read.sites[0].credential)
        let field = read.upstreams[0].credentialField(secret)
        #expect(field.name == "x-key" && field.value.bytes == Array("k".utf8))
        let usual = try Sample.read(Sample.minimal).upstreams[0].credentialField(secret)
        #expect(usual.name == "authorization" && usual.value.bytes == Array("Bearer k".utf8))
        #expect(!"\(read.sites[0].credential as Any)".contains("107"))
    }

    @Test("fields of the operator's are literal or secret")
    func requestHeaders() throws {
        let site = """
            requestHeaders: {set: [{name: X-A, value: "a b"}, {name: x-b, env: KEY}], \
            remove: [X-C, "x-d-*"]}
            """
        let read = try Sample.read(text(site), environment: ["KEY": "k"]).sites[0].requestHeaders
        #expect(read.set.map(\.name) == ["x-a", "x-b"])
        #expect(read.set.map(\.isSecret) == [false, true])
        #expect(read.set.map(\.value.bytes) == [Array("a b".utf8), Array("k".utf8)])
        #expect(read.remove == ["x-c", "x-d-*"])
        var dumped = ""
        dump(read.set[1].value, to: &dumped)
        #expect(!dumped.contains("107"))
    }

    @Test(
        "names that others answer for are refused, in any case of letters",
        arguments: [
            "Authorization", "x-api-key", "Cookie", "api-key", "Proxy-Authorization", "Host",
            "Content-Length", "transfer-encoding", "Connection", "TE", "Upgrade", "Trailer",
            "Keep-Alive", "Expect", "Content-Type", "Accept-Encoding", "X-Forwarded-For",
            "Forwarded", "X-Request-Id", "traceparent", "X-Tenant-Id", "X-Role",
            "Sec-WebSocket-Key", "x-auth-token", "X-Trace-Id", "HTTP2-Settings",
        ])
    func reserved(name: String) {
        let found = messages("requestHeaders: {set: [{name: \(name), value: a}]}")
        #expect(found.count == 1 && found[0].contains(" \(name.lowercased()) cannot"), "\(found)")
    }

    @Test(
        "fields that no message can carry are refused",
        arguments: [
            "set: [{name: a}]", "set: [{value: a}]", "set: [{name: \"a b\", value: a}]",
            "set: [{name: a, value: \"\"}]", "set: [{name: a, value: \"é\"}]",
            "set: [{name: a, value: \" a\"}]", "set: [{name: a, value: \"a\\nb\"}]",
            "set: [{name: a, env: BAD}]", "set: [{name: a, env: NONE}]",
            "set: [{name: a, value: b, env: KEY}]", "set: [{name: a, value: \"${KEY}\"}]",
            "set: [{name: A, value: b}, {name: a, value: c}]", "set: {a: b}", "remove: a",
            "remove: [\"a*b\"]", "remove: [\"*\"]", "remove: [content-type]",
            "remove: [\"cont*\"]", "remove: [\"\"]",
        ])
    func unfit(written: String) {
        let found = messages("requestHeaders: {\(written)}")
        #expect(found.count == 1, "\(found)")
        #expect(!found.joined().contains("hidden"))
    }

    @Test("a field that holds a credential is no field of a site's, nor one that frames messages")
    func credentialFields() {
        let site = "requestHeaders: {set: [{name: X-Key, value: a}]}"
        #expect(messages(site, upstream: " credentialHeader: x-key,").count == 1)
        #expect(messages(site, upstream: " credentialHeader: x-other,").isEmpty)
        #expect(messages("keys: []", upstream: " credentialHeader: Host,").count == 1)
    }
}
