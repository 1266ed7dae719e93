import Configuration
import Testing

@Suite struct ProblemTests {
    /// The minimal configuration with `more` lines at its end.
    private func problems(with more: String) -> [String] {
        Sample.problems(Sample.minimal + "\n" + more)
    }

    /// Problems of one setting of the first listener, upstream or site, without their places.
    private func problems(listener more: String) -> [String] {
        messages(Sample.minimal.replacing("name: plain,", with: "name: plain, \(more),"))
    }

    private func problems(upstream more: String) -> [String] {
        messages(Sample.minimal.replacing("name: up,", with: "name: up, \(more),"))
    }

    private func problems(site more: String) -> [String] {
        messages(Sample.minimal.replacing("name: main,", with: "name: main, \(more),"))
    }

    private func messages(_ text: String) -> [String] {
        Sample.problems(text).map { $0.split(separator: ": ", maxSplits: 1)[1].description }
    }

    @Test("all problems are reported at once, in the order of the file")
    func together() {
        let text = """
            wokers: 2
            workers: 0
            listeners:
              - {name: a, address: "localhost:1"}
              - {name: a, address: "127.0.0.1:1", protocols: []}
            timeouts: {drainSeconds: -1, drainMinutes: 5}
            upstreams: [{name: up, url: "example.com"}]
            sites:
              - {name: main, upstream: upp, dialect: openia}
            """
        #expect(
            Sample.problems(text) == [
                "1:1: unknown setting \"wokers\"; did you mean \"workers\"?",
                "2:10: expected `auto` or whole number, 1 to 256",
                "4:24: expected `127.0.0.1:8443` or `[::1]:8443`, not \"localhost:1\"",
                "5:12: listener \"a\" is taken (4:12)",
                "5:50: expected at least one entry",
                "6:26: expected seconds, 0 to 86400, not \"-1\"",
                "6:30: unknown setting \"drainMinutes\"; did you mean \"drainSeconds\"?",
                "7:29: expected `http://` or `https://` URL, not \"example.com\"",
                "9:28: no upstream is named \"upp\"; did you mean \"up\"?",
                "9:42: expected one of `openai`, `bve`, `behest`, `behestAdmin`, `onecli`, "
                    + "`onecliObject`, `onecliGateway`, `devsphere`, not \"openia\"; did you mean "
                    + "\"openai\"?",
            ])
    }

    @Test(
        "values out of bounds or of another type are refused",
        arguments: [
            "workers: 257", "workers: many", "workers: \"4\"", "workers: 1.5", "workers: [1]",
            "pinWorkers: yes", "pinWorkers: 1", "pinWorkers: \"true\"", "spinMicroseconds: 1001",
            "spinMicroseconds: -1", "spinMicroseconds: 0x10", "spinMicroseconds: 010",
            "spinMicroseconds: 1__0", "spinMicroseconds: _1", "spinMicroseconds:",
            "spinMicroseconds: 99999999999999999999", "accessLog: -", "accessLog: {queueLines: 0}",
            "accessLog: {path: [a]}", "trustedProxies: [10.0.0.1/8]",
            "trustedProxies: [300.0.0.0/8]",
            "trustedProxies: [10.0.0.0/33]", "trustedProxies: 10.0.0.0/8", "trustedProxies: {a: b}",
            "timeouts: {drainSeconds: 0.0001}", "timeouts: {drainSeconds: 1.}",
            "timeouts: {drainSeconds: 1e3}", "timeouts: {drainSeconds: .5}",
            "timeouts: {requestHeadSeconds: 0}", "timeouts: {upstream: {connectSeconds: 0}}",
            "limits: {requestHeadBytes: 1023}", "limits: {requestHeadBytes: 64KiB}",
            "limits: {requestHeadBytes: 2048, requestTargetBytes: 4096}",
            "limits: {streamWindowBytes: 1048577}", "limits: {collectedBodiesBytes: 1048576}",
            "timeouts: 5", "limits: [1]", "monthlyRequests: {softCap: 2, hardCap: 1}",
            "monthlyRequests: {hardCap: -1}", "monthlyRequests: {hardCap: none}",
        ])
    func values(line: String) {
        #expect(problems(with: line).count == 1, "\(problems(with: line))")
    }

    @Test(
        "listeners that contradict themselves are refused",
        arguments: [
            "protocols: [h2, h2]", "protocols: [h3]", "protocols: h2", "allowHalfClose: maybe",
            "allowHalfClose: true, protocols: [h2]", "tls: {certificateFile: a}",
            "tls: {certificateFile: a, keyFile: b, clientCertificates: require}",
            "tls: {certificateFile: a, keyFile: b, clientCAFile: c}",
            "tls: {certificateFile: a, keyFile: b}, allowHalfClose: true", "tls: true",
        ])
    func listeners(more: String) {
        #expect(problems(listener: more).count == 1, "\(problems(listener: more))")
    }

    @Test("two listeners cannot share an address, but may both let the system choose")
    func addresses() {
        let more = "  - {name: b, address: \"127.0.0.1:0\"}\nupstreams:"
        #expect(messages(Sample.minimal.replacing("upstreams:", with: more)).isEmpty)
        let same = Sample.minimal.replacing("127.0.0.1:0", with: "127.0.0.1:80")
            .replacing("upstreams:", with: more.replacing(":0", with: ":80"))
        #expect(messages(same) == ["address \"127.0.0.1:80\" is taken (2:28)"])
    }

    @Test(
        "upstreams that contradict themselves are refused",
        arguments: [
            "protocol: http2", "credential: {}", "credential: {env: A, value: b}", "credential: x",
            "credential: {value: \"${KEY}\"}", "credential: {value: \"é\"}",
            "credential: {env: a b}",
            "credentialHeader: \"a b\"", "hostHeader: \"a b\"", "caFile: ca.pem", "serverName: x",
            "maxConnections: 0", "resolveSeconds: 0.5", "ejection: {percent: 101}",
            "ejection: {failures: -1}", "retries: {budgetPercent: 200}", "retries: 3",
            "healthCheck: {}", "healthCheck: {path: health}", "healthCheck: {path: \"/a b\"}",
            "healthCheck: {path: /a, intervalSeconds: 1, timeoutSeconds: 2}",
            "healthCheck: {path: /a, unhealthyAfter: 0}",
            "urlEnv: 1A", "clientKeyFile: k.pem",
        ])
    func upstreams(more: String) {
        #expect(problems(upstream: more).count == 1, "\(problems(upstream: more))")
    }

    @Test(
        "endpoints that contradict themselves are refused",
        arguments: [
            "[]", "http://a", "[{weight: 1}]", "[{url: \"http://a\", weight: 0}]",
            "[{url: \"http://a\", weight: 1001}]", "[{url: \"http://a\"}, {url: \"https://a\"}]",
            "[{url: \"http://a\"}, {url: \"http://a:80/\"}]",
            "[{url: \"http://a\"}], urlEnv: A",
        ])
    func endpoints(written: String) {
        let url = "url: \"http://127.0.0.1:8081/v1\""
        let found = messages(Sample.minimal.replacing(url, with: "endpoints: \(written)"))
        #expect(found.count == 1, "\(found)")
        #expect(messages(Sample.minimal.replacing(url, with: "protocol: h2")).count == 1)
        #expect(problems(upstream: "endpoints: [{url: \"http://a\"}]").count == 1)
    }

    @Test(
        "URLs that no upstream can have are refused",
        arguments: [
            "http://", "http:///v1", "http://a:0", "http://a:65536", "http://a:", "http://a:8x",
            "http://u:p@a", "http://a?x", "http://a/v1#x", "http://[::1", "http://[x]",
            "http://[::1]x",
            "http://-a", "http://a..b", "http://a b", "HTTP://a", "unix:/x", "//a",
            "http://1.2.3.4:+5",
        ])
    func urls(text: String) {
        #expect(UpstreamURL(text) == nil)
    }

    @Test(
        "sites that contradict themselves are refused",
        arguments: [
            "hosts: [a:80]", "hosts: [\"*.*.a\"]", "hosts: [\"a.*\"]", "hosts: [\"*\"]",
            "hosts: [\"*.a\", \"*.A\"]", "addressRequestsPerMinute: 0",
            "hosts: [a, A]", "dialect: kong", "routes: []", "credentials: [token]",
            "credentials: []",
            "tokenIssuer: nobody, credentials: [token]",
            "routes: most", "routes: {preset: openai}", "routes: [{path: /a}]",
            "routes: [{methods: get, path: /a}]", "routes: [{methods: HEAD, path: /a}]",
            "routes: [{methods: GET, path: a}]", "routes: [{methods: GET, path: /a//b}]",
            "routes: [{methods: GET, path: \"/{a}/{a}\"}]", "routes: [{methods: GET, path: /**/a}]",
            "routes: [{methods: GET, path: \"/a*\"}]", "routes: [{methods: GET, path: /a/../b}]",
            "routes: [{methods: GET, path: \"/{}\"}]", "routes: [{methods: [GET, GET], path: /a}]",
            "routes: [{methods: GET, path: /a}, {methods: [PUT, GET], path: /a}]",
            "routes: [{methods: GET, path: /a/**, upstreamPath: /b}]",
            "routes: [{methods: GET, path: /a, upstreamPath: b}]",
            "routes: [{methods: POST, path: /a, action: legacyCompletions}]",
            "bodyLimitBytes: 300_000_000", "responseHeaders: some", "responseHeaders: {}",
            "responseHeaders: {allowlist: [\"a b\"]}", "latencyHeader: \"a:\"", "keyPrefix: \"\"",
            "keyPrefix: \"a b\"", "defaultLimits: {requestsPerMinute: -1}", "defaultLimits: 5",
            "defaultLimits: {requestPerMinute: 1}", "minuteWindow: rolling", "keys: {}",
            "crossOrigin: {credentials: true}", "crossOrigin: {origins: [\"*\", \"https://a\"]}",
            "crossOrigin: {origins: [https://a/]}", "crossOrigin: {origins: [a.example]}",
            "crossOrigin: {allowedHeaders: [\"a b\"]}", "crossOrigin: {maxAgeSeconds: -1}",
        ])
    func sites(more: String) {
        #expect(problems(site: more).count == 1, "\(problems(site: more))")
    }

    @Test(
        "keys that contradict themselves are refused",
        arguments: [
            "prefix: pk-1", "hash: abc", "hash: \"sha256:\(String(repeating: "A", count: 64))\"",
            "hash: \"sha256:\(String(repeating: "a", count: 63))\"", "status: deleted",
            "expiresAt: tomorrow", "expiresAt: 2026-02-29T00:00:00Z", "expiresAt: 2026-01-01",
            "limits: {requestsPerDay: some}", "allowedModels: gpt", "id: \"a b\"", "key: sk-1",
        ])
    func keys(more: String) {
        var settings = [
            "id": "id: a", "prefix": "prefix: sk-1", "hash": "hash: \"\(Sample.hash)\"",
        ]
        settings[String(more.prefix { $0 != ":" })] = more
        let entry = settings.values.sorted().joined(separator: ", ")
        let found = problems(site: "keys: [{\(entry)}]")
        #expect(found.count == 1, "\(found)")
    }

    @Test("only one site can serve every other host, and a host has one site")
    func hosts() {
        #expect(
            problems(with: "  - {name: b, upstream: up}")
                == ["7:5: a second site without hosts: only one can serve every other host"])
        let text = Sample.minimal.replacing("name: main,", with: "name: main, hosts: [x],")
        #expect(
            messages(text + "\n  - {name: b, upstream: up, hosts: [y, X]}")
                == ["host \"x\" is taken (6:26)"])
    }

    @Test("a repeated setting is a problem of the file")
    func repeated() {
        #expect(problems(with: "sites: []") == ["7:1: \"sites\" occurs twice in this mapping"])
    }
}
