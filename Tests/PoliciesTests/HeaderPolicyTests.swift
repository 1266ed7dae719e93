import Chance
import HTTP
import Kernel
import Testing

@testable import Policies

private func upstream(
    _ pairs: [(String, String)], _ options: RequestHeaderPolicy.Options = [],
    _ policy: RequestHeaderPolicy = RequestHeaderPolicy()
) -> [String] {
    let client = makeFields(pairs)
    var fields = Fields()
    policy.copy(client, to: &fields, options)
    return lines(fields)
}

private func client(
    _ policy: ResponseHeaderPolicy, _ pairs: [(String, String)], status: Int = 200,
    withholding secret: String = ""
) -> [String] {
    let upstream = makeFields(pairs)
    var fields = Fields()
    policy.copy(upstream, to: &fields, status: status, withholding: Array(secret.utf8))
    return lines(fields)
}

/// The name with its letters in random case.
private func scrambled(_ name: String, _ generator: inout SeededRandom) -> String {
    String(name.map { Bool.random(using: &generator) ? Character($0.uppercased()) : $0 })
}

@Suite("What goes upstream of a request's fields")
struct RequestHeaderPolicyTests {
    @Test("is everything the gateway does not answer for, in order and unchanged")
    func passes() {
        let pairs = [
            ("content-type", "application/json"), ("openai-beta", "assistants=v2"),
            ("user-agent", "OpenAI/Python 2.0"), ("x-stainless-lang", "python"),
            ("accept", "text/event-stream"), ("x-session-id", "s"), ("x-thread-id", "t"),
            ("anthropic-version", "2023-06-01"), ("openai-organization", "org"),
            ("idempotency-key", "k"), ("accept-language", "en"), ("accept", "*/*"),
        ]
        #expect(upstream(pairs) == pairs.map { "\($0.0): \($0.1)" })
    }

    static let dropped = [
        "authorization", "proxy-authorization", "x-api-key", "api-key", "cookie", "cookie2",
        "x-tenant-id", "x-project-id", "x-end-user-id", "x-role", "x-tier", "x-forwarded-for",
        "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-anything",
        "forwarded", "x-real-ip", "expect", "x-request-id", "x-trace-id", "traceparent",
        "content-length", "te", "host", "connection", "keep-alive", "transfer-encoding",
        "upgrade", "trailer", "proxy-connection", "accept-encoding", "tracestate",
        "x-goog-api-key", "x-admin-secret",
    ]

    @Test("is none of what would speak for the client to the upstream", arguments: dropped)
    func drops(name: String) {
        #expect(upstream([(name, "v"), (name.uppercased(), "v")]) == [])
    }

    @Test("includes Accept-Encoding and tracestate where that is said")
    func options() {
        let pairs = [("accept-encoding", "gzip"), ("tracestate", "a=b")]
        #expect(upstream(pairs, .acceptEncoding) == ["accept-encoding: gzip"])
        #expect(upstream(pairs, .tracestate) == ["tracestate: a=b"])
        #expect(upstream(pairs, [.acceptEncoding, .tracestate]).count == 2)
    }

    @Test("can lack further names and beginnings")
    func additional() {
        let policy = RequestHeaderPolicy(additionallyDropped: ["X-Secret", "x-int-*", "accept*"])
        let pairs = [("x-secret", "1"), ("X-Int-A", "1"), ("Accept", "1"), ("x-inta", "1")]
        #expect(upstream(pairs, .acceptEncoding, policy) == ["x-inta: 1"])
    }

    @Test(
        "never holds a credential, whatever else is sent and in whatever case",
        arguments: 0..<50)
    func noCredential(seed: UInt64) {
        var generator = SeededRandom(seed: seed)
        let secrets = ["authorization", "proxy-authorization", "x-api-key", "api-key", "cookie"]
        let forged = ["x-tenant-id", "x-role", "x-tier", "forwarded", "x-forwarded-for"]
        let harmless = ["accept", "x-custom", "content-type", "x", "authorization-x", "xapi-key"]
        let policy = RequestHeaderPolicy()
        for _ in 0..<100 {
            var pairs: [(String, String)] = []
            var expected: [String] = []
            for index in 0..<Int.random(in: 0...30, using: &generator) {
                if Bool.random(using: &generator) {
                    let name = (secrets + forged).randomElement(using: &generator) ?? ""
                    pairs.append((scrambled(name, &generator), "SECRET-\(index)"))
                } else {
                    let name = harmless.randomElement(using: &generator) ?? ""
                    pairs.append((scrambled(name, &generator), "v\(index)"))
                    expected.append("\(name): v\(index)")
                }
            }
            let passed = upstream(pairs, [.acceptEncoding, .tracestate], policy)
            #expect(passed == expected, "seed \(seed)")
            #expect(!passed.contains { $0.contains("SECRET") }, "seed \(seed)")
        }
    }
}

@Suite("What reaches the client of a response's fields")
struct ResponseHeaderPolicyTests {
    let bve = ResponseHeaderPolicy.only(
        ResponseHeaderPolicy.bveNames, gatewayNames: ["X-BVE-Latency"])
    let open = ResponseHeaderPolicy.allBut()

    @Test("is the list of the page in the BVE profile")
    func allowlist() {
        let pairs = [
            ("content-type", "text/event-stream"), ("cache-control", "no-cache"),
            ("x-quota-allowed", "1"), ("x-quota-available", "2"), ("x-quota-reset", "3"),
            ("x-request-id", "up"), ("set-cookie", "a=b"), ("server", "s"), ("x-custom", "c"),
            ("x-quota-other", "4"), ("x-bve-latency", "5"), ("retry-after", "6"),
            ("content-length", "7"), ("date", "d"), ("content-encoding", "gzip"),
        ]
        #expect(
            client(bve, pairs) == [
                "content-type: text/event-stream", "cache-control: no-cache", "x-quota-allowed: 1",
                "x-quota-available: 2", "x-quota-reset: 3", "content-encoding: gzip",
            ])
    }

    @Test("is everything but the upstream's own edge in the default profile")
    func denylist() {
        let pairs = [
            ("content-type", "application/json"), ("openai-processing-ms", "12"),
            ("x-request-id", "up-1"), ("server", "cloudflare"), ("Set-Cookie", "a=b"),
            ("alt-svc", "h3"), ("via", "1.1 x"), ("access-control-allow-origin", "*"),
            ("Access-Control-Expose-Headers", "*"), ("x-ratelimit-limit-requests", "1"),
            ("x-ratelimit-remaining-tokens", "1"), ("x-should-retry", "true"),
            ("retry-after", "9"), ("x-trace-id", "t"), ("transfer-encoding", "chunked"),
            ("x-request-id", "up-2"), ("x-upstream-request-id", "forged"),
        ]
        #expect(
            client(open, pairs) == [
                "content-type: application/json", "openai-processing-ms: 12",
                "x-upstream-request-id: up-1", "retry-after: 9",
            ])
    }

    @Test(
        "holds the upstream's Retry-After on 429 and 503 in every profile",
        arguments: [(429, true), (503, true), (400, false), (200, false)])
    func retryAfter(status: Int, isKept: Bool) {
        let pairs = [("retry-after", "9"), ("retry-after-ms", "8500"), ("x-should-retry", "true")]
        let expected = isKept ? ["retry-after: 9", "retry-after-ms: 8500"] : []
        #expect(client(bve, pairs, status: status) == expected)
        #expect(client(open, pairs, status: status) == ["retry-after: 9", "retry-after-ms: 8500"])
    }

    @Test("can be taken over into an answer of the gateway's own")
    func copiedRetryAfter() {
        let upstream = makeFields([("x", "y"), ("retry-after", "9")])
        var fields = Fields()
        ResponseHeaderPolicy.copyRetryAfter(upstream, to: &fields)
        let written = lines(fields)
        #expect(written == ["retry-after: 9"])
    }

    @Test("says on a stream that it is one, unless the upstream has said so")
    func stream() {
        var plain = Fields()
        ResponseHeaderPolicy.appendStreamFields(to: &plain)
        let added = lines(plain)
        #expect(added == ["x-accel-buffering: no", "cache-control: no-cache"])
        var own = makeFields([("Cache-Control", "private"), ("X-Accel-Buffering", "yes")])
        ResponseHeaderPolicy.appendStreamFields(to: &own)
        #expect(own.count == 2)
    }

    @Test(
        "never holds the credential that was injected, whatever the upstream echoes",
        arguments: 0..<50)
    func noCredential(seed: UInt64) {
        var generator = SeededRandom(seed: seed)
        let secrets = [
            "authorization", "x-api-key", "api-key", "proxy-authorization", "cookie",
            "x-goog-api-key", "connection", "x-trace-id", "traceparent", "x-tenant-id",
            "x-project-id", "x-end-user-id", "x-role", "x-tier", "forwarded", "x-forwarded-for",
            "x-forwarded-user", "x-real-ip",
        ]
        let everything = ResponseHeaderPolicy.allBut([])
        let generous = ResponseHeaderPolicy.only(secrets + ["x-ok"])
        for _ in 0..<100 {
            var pairs: [(String, String)] = []
            for index in 0..<Int.random(in: 0...20, using: &generator) {
                let isSecret = Bool.random(using: &generator)
                let name = isSecret ? secrets.randomElement(using: &generator) ?? "" : "x-ok"
                pairs.append((scrambled(name, &generator), isSecret ? "SECRET" : "v\(index)"))
            }
            let expected = pairs.filter { $0.1 != "SECRET" }.map { "x-ok: \($0.1)" }
            for policy in [everything, generous] {
                #expect(client(policy, pairs, status: 503) == expected, "seed \(seed)")
            }
        }
    }

    /// Names and values by chance, of which some hold the secret: whole, in front, behind, inside.
    @Test(
        "never repeats the secret, under whatever name and wherever in the value", arguments: 0..<20
    )
    func noSecret(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let secret = "sk-operator-4f1c9a"
        let names = [
            "x-echo", "content-type", "x-request-id", "etag", "retry-after", "x-ratelimit",
        ]
        let close = [
            "", "sk-operator-4f1c9", "k-operator-4f1c9a", "SK-OPERATOR-4F1C9A", "sk-sk-operator-",
        ]
        for _ in 0..<500 {
            var pairs: [(String, String)] = []
            for _ in 0..<random.below(10) {
                let isSecret = random.isLucky(1, in: 3)
                let value =
                    random.pick(close) + (isSecret ? secret : "") + random.pick(["", "s", "sk-"])
                pairs.append((random.pick(names), value))
            }
            for policy in [open, bve, .allBut([])] {
                let passed = client(policy, pairs, status: 503, withholding: secret)
                #expect(!passed.contains { $0.contains(secret) }, "seed \(seed)")
                let harmless = pairs.filter { !$0.1.contains(secret) }
                #expect(passed == client(policy, harmless, status: 503), "seed \(seed)")
            }
            var own = Fields()
            ResponseHeaderPolicy.copyRetryAfter(
                makeFields(pairs), to: &own, withholding: Array(secret.utf8))
            let written = lines(own)
            #expect(!written.contains { $0.contains(secret) }, "seed \(seed)")
        }
    }

    @Test("every name the program knows has a bit of its own in a name set")
    func names() {
        #expect(FieldName.allCases.count <= 128)
        for name in FieldName.allCases where name != .other {
            let set = NameSet([name])
            #expect(FieldName.allCases.filter { set.contains($0) } == [name])
        }
    }
}
