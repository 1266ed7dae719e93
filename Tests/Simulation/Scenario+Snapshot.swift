import Crypto
import Errors
import HTTP
import Kernel
import Policies
import Proxy

extension Scenario {
    /// The snapshot of a regime. One that follows another keeps what outlives a reload.
    func makeSnapshot(
        _ regime: Regime, _ meter: Meter, after before: Snapshot? = nil
    ) throws -> Snapshot {
        let site = try makeSite(regime, meter)
        return Snapshot(
            sites: SiteDirectory(hosts: [], fallback: site),
            upstreams: before?.upstreams ?? [makeUpstream()],
            timeouts: timeouts, limits: bounds, clientCodecLimits: clientLimits,
            upstreamCodecLimits: upstreamLimits, trustedProxies: TrustedProxies(),
            bodyBudget: before?.bodyBudget ?? BodyBudget(limitBytes: budget),
            addressConnections: before?.addressConnections ?? AddressConnections())
    }

    private func makeUpstream() -> UpstreamTarget {
        let ends = (0..<endpoints).map { index in
            EndpointTarget(
                host: "127.0.0.1", port: UInt16(9_000 + 10 * index), basePath: "/v1",
                authority: "upstream", serverName: "upstream", weight: 1 + index)
        }
        return UpstreamTarget(
            name: "upstream", endpoints: ends, speech: isUpstreamHTTP2 ? .http2 : .http1, tls: nil,
            credential: nil, limits: poolLimits)
    }

    private func makeSite(_ regime: Regime, _ meter: Meter) throws -> Site {
        func route(_ name: String, _ action: Route.Action, _ body: Route.Body) -> Route {
            Route(
                name: name, action: action, body: body, bodyLimit: regime.bodyLimit,
                errorShape: .envelope)
        }
        let identity = Identity(rules: CredentialRules(), pepper: [])
        var patterns = [
            RoutePattern(.get, "/health", action: 0),
            RoutePattern(.post, "/v1/chat/completions", action: 1),
            RoutePattern([.get, .post, .delete], "/v1/files/**", action: 2),
        ]
        if regime.hasListing {
            patterns.append(RoutePattern([.get, .post], "/v1/models/**", action: 3))
        }
        return Site(
            name: "site", dialect: .openAI(errorParam: true),
            routes: try RouteTable(patterns),
            actions: [
                route("/health", .health, .none), route("/v1/chat/completions", .forward, .json),
                route("/v1/files/**", .forward, .stream),
                route("/v1/models/**", .forward, .none),
            ],
            identity: identity, keys: try makeKeys(identity, regime, meter),
            requestHeaders: RequestHeaderPolicy(), responseHeaders: .allBut(),
            latencyField: nil, sendsRateLimitFields: true, crossOrigin: CrossOriginPolicy(),
            upstream: 0)
    }

    private func makeKeys(
        _ identity: Identity, _ regime: Regime, _ meter: Meter
    ) throws -> KeyTable {
        let hasher = SHA256Hasher()
        func record(
            _ key: Request.Key, _ status: KeyStatus = .active, expiresAt: UnixTime? = nil,
            limits: RequestLimits = .unlimited, models: ModelSet? = nil
        ) -> KeyRecord {
            let text = "sk-\(key.rawValue)"
            let principal = Principal(
                id: key.rawValue, allowedModels: models, gates: Gates([Gate(limits, meter)]))
            return KeyRecord(
                principal, name: "", prefix: "sk-",
                digest: identity.digest(of: text.utf8.span, hasher), status: status,
                expiresAt: expiresAt)
        }
        return try KeyTable([
            record(.good), record(.limited, limits: regime.limits),
            record(.bound, regime.boundKey, models: ModelSet(["allowed"])),
            record(.suspended, .suspended),
            record(.revoked, .revoked), record(.expired, expiresAt: UnixTime(seconds: 1)),
        ])
    }
}
