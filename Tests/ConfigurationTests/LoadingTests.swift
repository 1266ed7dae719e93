import Configuration
import Foundation
import Kernel
import Testing

@Suite struct LoadingTests {
    @Test("the smallest configuration has every default")
    func defaults() throws {
        let configuration = try Sample.read(Sample.minimal)
        #expect(configuration.workers == nil)
        #expect(configuration.spinMicroseconds == 50)
        #expect(configuration.timeouts == TimeoutSettings())
        #expect(configuration.limits == LimitSettings())
        #expect(configuration.accessLog == AccessLogSettings())
        let listener = configuration.listeners[0]
        #expect(listener.address.description == "127.0.0.1:0")
        #expect(listener.tls == nil)
        #expect(listener.protocols == [.h2, .http1])
        let upstream = configuration.upstreams[0]
        #expect(upstream.url.basePath == "/v1")
        #expect(upstream.credential == nil)
        #expect(upstream.maxPendingRequests == 1_024)
        let site = configuration.sites[0]
        #expect(site.dialect == .openai)
        #expect(site.keyPrefix == "sk-")
        #expect(site.errorParam)
        #expect(site.defaultLimits == KeyLimits())
        #expect(site.routes == RoutePreset.openai.routes)
        #expect(site.bodyLimitBytes == 10_485_760)
    }

    @Test("the dialect chooses the other defaults, wherever it stands in the site")
    func dialectDefaults() throws {
        let text = Sample.minimal + "\n    defaultLimits: {requestsPerDay: 5}\n    dialect: bve"
        let flow = text.replacing(
            "{name: main, upstream: up}", with: "name: main\n    upstream: up")
        let site = try Sample.read(flow).sites[0]
        #expect(site.keyPrefix == "sk-bve-")
        #expect(!site.errorParam)
        #expect(site.defaultLimits == KeyLimits(requestsPerMinute: 60, requestsPerDay: 5))
        #expect(site.routes == RoutePreset.bve.routes)
    }

    @Test("everything about the process that can be set is set")
    func process() throws {
        let configuration = try Sample.read(Self.everything)
        #expect(configuration.workers == 4 && configuration.pinWorkers)
        let tls = try #require(configuration.listeners[0].tls)
        #expect(tls.certificateFile == "/etc/gatehouse/tls/cert.pem")
        #expect(tls.keyFile == "/keys/key.pem")
        #expect(tls.clientCAFile == "/etc/ca.pem")
        #expect(tls.clientCertificates == .require)
        #expect(configuration.listeners[0].address.description == "[::1]:8443")
        #expect(configuration.listeners[1].allowHalfClose)
        #expect(configuration.accessLog.path == .file("/etc/log/access.log"))
        #expect(configuration.accessLog.queueLines == 1_000)
        #expect(configuration.trustedProxies.count == 3)
        #expect(configuration.timeouts.tlsHandshake == 250)
        #expect(configuration.timeouts.drain == 0)
        #expect(configuration.timeouts.upstream.connect == 1_500)
        #expect(configuration.timeouts.upstream.idle == 300_000)
        #expect(configuration.limits.linger == 1)
    }

    @Test("everything about an upstream that can be set is set")
    func upstream() throws {
        let configuration = try Sample.read(Self.everything)
        let upstream = configuration.upstreams[0]
        #expect(upstream.url.description == "https://api.example.com:444/base/v1")
        #expect(upstream.protocol == .h2)
        #expect(upstream.credential?.name == "x-api-key")
        #expect(upstream.credential?.value.bytes == Array("secret".utf8))
    }

    @Test("everything about a site and its keys that can be set is set")
    func site() throws {
        let configuration = try Sample.read(Self.everything)
        let site = configuration.sites[0]
        #expect(site.hosts == ["api.example.com", "127.0.0.1"])
        #expect(site.responseHeaders == .allowlist(["content-type"]))
        #expect(site.latencyHeader == "x-latency")
        #expect(site.routes.count == 3 + RoutePreset.bve.routes.count)
        #expect(site.routes[0].path.description == "/v1/x/{id}/y")
        #expect(site.routes[0].bodyLimitBytes == 9)
        #expect(site.routes[1].methods == ["GET", "PUT"] && site.routes[1].path.isTree)
        #expect(site.routes[1].body == .stream)
        #expect(site.routes[2].upstreamPath == "/d")
        let key = site.keys[0]
        #expect(key.hash.count == 32 && key.hash[1] == 0x23)
        #expect(key.expiresAt?.rfc3339 == "2026-01-31T11:00:00Z")
        #expect(key.limits == KeyLimits(requestsPerMinute: 0, requestsPerMonth: 9))
        #expect(key.allowedModels == ["gpt-4o"] && key.scopes == ["chat"])
    }

    @Test("a site may keep its description to itself, wherever the route comes from")
    func openapi() throws {
        func routes(_ more: String) throws -> [RouteSettings] {
            let text = Sample.minimal.replacing("name: main,", with: "name: main, \(more),")
            return try Sample.read(text).sites[0].routes
        }
        let usual = RoutePreset.openai.routes
        #expect(usual.filter { $0.action == .openapi }.map(\.path.description) == ["/openapi.json"])
        #expect(try routes("openapi: true") == usual)
        #expect(try routes("openapi: false") == usual.filter { $0.action != .openapi })
        let own = "{methods: GET, path: /spec, action: openapi, body: none}"
        #expect(try routes("routes: [\(own)]").map(\.action) == [.openapi])
        #expect(try routes("openapi: false, routes: {add: [\(own)]}").count == usual.count - 1)
    }

    @Test("an upstream may have several endpoints, and rules for those that fail")
    func endpoints() throws {
        let written = """
            endpoints: [{url: "https://a/v1", weight: 3}, {url: "https://b:444/v1"}], \
            ejection: {failures: 2, seconds: 0.5, percent: 30}, \
            retries: {budgetPercent: 5, minimum: 0}, resolveSeconds: 7, \
            healthCheck: {path: /health, intervalSeconds: 3, timeoutSeconds: 1}
            """
        let text = Sample.minimal.replacing("url: \"http://127.0.0.1:8081/v1\"", with: written)
        let upstream = try Sample.read(text).upstreams[0]
        #expect(upstream.endpoints.map(\.url.description) == ["https://a/v1", "https://b:444/v1"])
        #expect(upstream.endpoints.map(\.weight) == [3, 1])
        #expect(upstream.ejection.failures == 2 && upstream.ejection.duration == 500)
        #expect(upstream.ejection.percent == 30)
        #expect(upstream.retries.budgetPercent == 5 && upstream.retries.minimum == 0)
        #expect(upstream.resolve == 7_000)
        #expect(upstream.healthCheck?.path == "/health")
        #expect(upstream.healthCheck?.interval == 3_000 && upstream.healthCheck?.timeout == 1_000)
    }

    @Test("the environment's URL wins over the file's, where it is set")
    func urlFromEnvironment() throws {
        let text = Sample.minimal.replacing("name: up,", with: "name: up, urlEnv: UP,")
        let kept = try Sample.read(text, environment: ["UP": ""]).upstreams[0].url
        #expect(kept.description == "http://127.0.0.1:8081/v1")
        let won = try Sample.read(text, environment: ["UP": "https://[::1]/x"]).upstreams[0].url
        #expect(won.description == "https://[::1]/x")
        #expect(won.host == "::1" && won.port == 443 && won.isTLS)
        #expect(Sample.problems(text, environment: ["UP": "ftp://x"]).count == 1)
    }

    @Test("secrets are not described")
    func redaction() throws {
        let text = Sample.minimal.replacing("name: up,", with: "name: up, credential: {env: KEY},")
        let upstream = try Sample.read(text, environment: ["KEY": "sk-hidden"]).upstreams[0]
        #expect(upstream.credential?.value.bytes == Array("Bearer sk-hidden".utf8))
        var dumped = ""
        dump(upstream.credential, to: &dumped)
        #expect(!dumped.contains("sk-hidden") && !"\(upstream)".contains("hidden"))
        #expect(!dumped.contains("66"))
    }

    @Test("a key prints as an entry that reads back the same")
    func printedKey() throws {
        var key = KeyEntry()
        key.id = "key-1"
        key.name = "A \"quoted\" \\ name: # with 😀"
        key.prefix = "sk-ab"
        key.hash = (0..<32).map { UInt8($0 * 7) }
        key.status = .revoked
        key.expiresAt = UnixTime(rfc3339: "2030-02-28T23:59:59Z")
        key.limits = KeyLimits(requestsPerMinute: 3, tokensPerMonth: 4)
        key.allowedModels = ["a", "b: c"]
        key.scopes = ["x"]
        for indent in [0, 2, 6] {
            let text = Sample.minimal.replacing(
                "{name: main, upstream: up}",
                with: "name: main\n    upstream: up\n    keys:\n" + key.yaml(indent: indent + 4))
            let read = try Sample.read(text).sites[0].keys[0]
            #expect(read.id == key.id && read.name == key.name && read.prefix == key.prefix)
            #expect(read.hash == key.hash && read.status == key.status)
            #expect(read.expiresAt == key.expiresAt && read.limits == key.limits)
            #expect(read.allowedModels == key.allowedModels && read.scopes == key.scopes)
        }
    }

    private static let everything = """
        workers: 4
        pinWorkers: true
        spinMicroseconds: 0
        listeners:
          - name: edge
            address: "[::1]:8443"
            protocols: [http/1.1]
            tls:
              certificateFile: tls/cert.pem
              keyFile: /keys/key.pem
              clientCAFile: ../ca.pem
              clientCertificates: require
          - {name: inside, address: "0.0.0.0:80", allowHalfClose: true}
        keyPepperFile: pepper
        accessLog: {path: ../log/access.log, queueLines: 1_000}
        trustedProxies: [10.0.0.0/8, "2001:db8::/32", 192.0.2.7]
        timeouts:
          tlsHandshakeSeconds: 0.25
          drainSeconds: 0
          upstream: {connectSeconds: 1.5, firstByteSeconds: 30}
        limits: {concurrentStreams: 7, lingerSeconds: 0.001}
        upstreams:
          - name: a
            url: https://API.example.com:444/base/v1/
            protocol: h2
            credential: {value: secret}
            credentialHeader: X-Api-Key
            credentialScheme: none
            hostHeader: example.com
            serverName: inner.example.com
            maxActiveRequests: 3
        sites:
          - name: one
            hosts: [Api.Example.com, 127.0.0.1]
            upstream: a
            errorParam: false
            responseHeaders: {allowlist: [Content-Type]}
            latencyHeader: X-Latency
            rateLimitHeaders: false
            minuteWindow: calendarMinute
            bodyLimitBytes: 1024
            routes:
              preset: bve
              add:
                - {methods: POST, path: "/v1/x/{id}/y", body: json, bodyLimitBytes: 9}
                - methods: [GET, PUT]
                  path: /z/**
                  errorShape: anthropic
                - {methods: [POST], path: /c, body: json, upstreamPath: /d}
            keyPrefix: k-
            keys:
              - id: k1
                name: "Anna: Ö"
                prefix: k-12
                hash: "\(Sample.hash)"
                status: suspended
                expiresAt: 2026-01-31T12:00:00+01:00
                limits: {requestsPerMinute: 0, requestsPerDay: unlimited}
                allowedModels: [gpt-4o]
                scopes: [chat]
            defaultLimits: {requestsPerDay: 8, requestsPerMonth: 9}
        """
}
