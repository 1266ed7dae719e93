import Configuration
import Crypto
import Errors
import HTTP
import Kernel
import OpenAPI
import Policies
import Proxy
import TLS
import Telemetry
import Upstream

/// Why a configuration that reads well cannot be put in force.
public struct StartFault: Error, CustomStringConvertible, Sendable {
    public let description: String
    init(_ description: String) { self.description = description }
}

/// Makes the form the relay works with out of a checked configuration: tables compiled, files
/// loaded.
struct SnapshotBuilder {
    let configuration: Configuration
    let workers: Int
    let descriptorLimit: Int
    let meters: MeterTable
    /// Of the token issuers, in their order.
    let keySources: [KeySetSource]

    /// `before`: what is in force, and in part goes on; nil: nothing is yet.
    func build(
        after before: Generation? = nil
    ) throws(StartFault) -> (snapshot: Snapshot, subjects: MetricSubjects) {
        let targets = try targets(after: before?.snapshot)
        var hosts: [(name: String, site: Site)] = []
        var fallback: Site?
        var subjects = before?.subjects ?? MetricSubjects(upstreams: targets.map(\.name))
        let directory = try DirectoryBuilder(configuration, meters: meters)
        for settings in configuration.sites {
            let site = try site(settings, directory, &subjects)
            if settings.hosts.isEmpty { fallback = site }
            for host in settings.hosts { hosts.append((host, site)) }
        }
        let snapshot = Snapshot(
            sites: SiteDirectory(hosts: hosts, fallback: fallback), upstreams: targets,
            timeouts: timeouts, limits: bounds, clientCodecLimits: clientLimits,
            upstreamCodecLimits: upstreamLimits,
            trustedProxies: TrustedProxies(configuration.trustedProxies),
            bodyBudget: before?.snapshot.bodyBudget
                ?? BodyBudget(limitBytes: configuration.limits.collectedBodiesBytes),
            addressConnections: before?.snapshot.addressConnections ?? AddressConnections(),
            memory: before?.snapshot.memory ?? MemoryGuard(),
            processLimit: processLimit, tokenIssuers: tokenIssuers(directory.directory),
            directory: directory.directory)
        if before == nil { subjects.reserve(configuration.metrics.spareRoutes) }
        return (snapshot, subjects)
    }

    // MARK: Upstreams

    /// Those of `running` where there is one, after a look at all the files they are made from: the
    /// pools are made for them.
    private func targets(after running: Snapshot?) throws(StartFault) -> [UpstreamTarget] {
        var targets: [UpstreamTarget] = []
        for upstream in configuration.upstreams { targets.append(try target(upstream)) }
        targets += try tunnelTargets()
        guard let running else { return targets }
        guard targets.map(\.name) == running.upstreams.map(\.name) else {
            throw StartFault("whether an upstream takes WebSocket changed, which takes a restart")
        }
        return running.upstreams
    }

    private func target(
        _ settings: UpstreamSettings, isForTunnels: Bool = false
    ) throws(StartFault) -> UpstreamTarget {
        let isTLS = settings.url.isTLS
        let speech = isForTunnels ? .http1 : speech(settings)
        let endpoints = settings.endpoints.map { endpoint in
            EndpointTarget(
                host: endpoint.url.host, port: endpoint.url.port, basePath: endpoint.url.basePath,
                authority: settings.hostHeader ?? endpoint.url.authority,
                serverName: settings.serverName ?? endpoint.url.host, weight: endpoint.weight)
        }
        return UpstreamTarget(
            name: isForTunnels ? "\(settings.name)/websocket" : settings.name,
            endpoints: endpoints, speech: speech,
            tls: isTLS ? try clientContext(settings, speech) : nil,
            credential: settings.credential.map { OperatorCredential($0) },
            limits: PoolLimits(
                connections: share(settings.maxConnections),
                pending: share(settings.maxPendingRequests),
                active: share(settings.maxActiveRequests)),
            ejection: EjectionRules(
                failures: settings.ejection.failures, milliseconds: settings.ejection.duration,
                percent: settings.ejection.percent),
            retries: RetryBudget(
                percent: settings.retries.budgetPercent, minimum: settings.retries.minimum),
            refreshMilliseconds: settings.resolve, health: settings.healthCheck.map(rules))
    }

    private func rules(_ check: HealthCheckSettings) -> HealthRules {
        HealthRules(
            path: check.path, intervalMilliseconds: check.interval,
            timeoutMilliseconds: check.timeout, unhealthyAfter: check.unhealthyAfter,
            healthyAfter: check.healthyAfter)
    }

    private func speech(_ settings: UpstreamSettings) -> UpstreamTarget.Speech {
        switch settings.protocol {
        case .http1: .http1
        case .h2: .http2
        case .auto: settings.url.isTLS ? .negotiated : .http1
        }
    }

    // MARK: WebSocket

    /// Where ALPN decides, WebSockets get connections of their own that offer HTTP/1.1 only
    /// (docs/decisions/0019): the same upstreams once more, behind the others.
    private func tunnelTargets() throws(StartFault) -> [UpstreamTarget] {
        var targets: [UpstreamTarget] = []
        for upstream in negotiatedTunnels {
            targets.append(try target(upstream, isForTunnels: true))
        }
        return targets
    }

    private var negotiatedTunnels: [UpstreamSettings] {
        configuration.upstreams.filter { speech($0) == .negotiated && carriesTunnels($0) }
    }

    private func carriesTunnels(_ upstream: UpstreamSettings) -> Bool {
        configuration.sites.contains { $0.upstream == upstream.name && offersTunnels($0) }
    }

    private func offersTunnels(_ site: SiteSettings) -> Bool {
        site.routes.contains { $0.action == .websocket }
    }

    private func tunnelIndex(of upstream: String) -> Int {
        let own = negotiatedTunnels.firstIndex { $0.name == upstream }
        return own.map { configuration.upstreams.count + $0 } ?? index(of: upstream)
    }

    /// One worker's part of a bound of the process, never nothing.
    private func share(_ bound: Int) -> Int { max(1, (bound + workers - 1) / workers) }

    private func clientContext(
        _ settings: UpstreamSettings, _ speech: UpstreamTarget.Speech
    ) throws(StartFault) -> TLSClientContext {
        var tls = TLSClientSettings()
        tls.authoritiesFile = settings.caFile
        if let chain = settings.clientCertificateFile, let key = settings.clientKeyFile {
            tls.certificate = CertificateFiles(chainFile: chain, keyFile: key)
        }
        tls.protocols =
            switch speech {
            case .http1: [.http1]
            case .http2: [.http2]
            case .negotiated: [.http2, .http1]
            }
        do throws(TLSFault) {
            return try TLSClientContext(tls)
        } catch {
            throw StartFault("upstream \(settings.name): \(error)")
        }
    }

    // MARK: Sites

    private func site(
        _ settings: SiteSettings, _ directory: DirectoryBuilder,
        _ subjects: inout MetricSubjects
    ) throws(StartFault) -> Site {
        let dialect = dialect(settings)
        let routes = try routeTable(settings)
        let document = document(settings, routes, dialect)
        var actions: [Route] = []
        for route in settings.routes {
            let pattern = route.path.description
            let number = subjects.add(site: settings.name, route: pattern)
            actions.append(action(route, pattern, settings, document, number: number))
        }
        return Site(
            name: settings.name, dialect: dialect, routes: routes,
            actions: actions, identity: identity(settings), keys: try keys(settings, directory),
            requestHeaders: requestHeaders(settings),
            responseHeaders: responseHeaders(settings),
            latencyField: settings.latencyHeader,
            sendsRateLimitFields: settings.rateLimitHeaders,
            crossOrigin: CrossOriginPolicy(settings.crossOrigin),
            upstream: index(of: settings.upstream),
            number: subjects.add(site: settings.name, route: ""),
            tunnelUpstream: tunnelIndex(of: settings.upstream),
            acceptsSubprotocolKeys: settings.webSocketSubprotocolKeys,
            tokenIssuers: trustedIssuers(settings),
            addressLimit: addressLimit(settings),
            sendsIdentityFields: settings.identityHeaders,
            budgetRules: BudgetRules(settings.tokenBudgets), models: models(settings),
            credential: credential(settings.credential, for: index(of: settings.upstream)))
    }

    private func routeTable(_ settings: SiteSettings) throws(StartFault) -> RouteTable {
        let patterns = settings.routes.enumerated().map { place, route in
            var methods: MethodSet = []
            for name in route.methods {
                methods.insert(MethodSet(Method.recognise(name.utf8.span)))
            }
            return RoutePattern(methods, route.path.description, action: place)
        }
        do throws(RoutePattern.Fault) {
            return try RouteTable(patterns)
        } catch {
            throw StartFault("site \(settings.name): \(error)")
        }
    }

    /// Rendered here, once, and only for a site that serves it.
    private func document(
        _ settings: SiteSettings, _ routes: RouteTable, _ dialect: Dialect
    ) -> ServedDocument? {
        guard settings.routes.contains(where: { $0.action == .openapi }) else { return nil }
        let description = SiteDescription(
            settings, routes: routes, dialect: dialect,
            callers: Callers(settings, in: configuration))
        return ServedDocument(description.render(version: Gateway.version))
    }

    private func dialect(_ settings: SiteSettings) -> Dialect {
        switch settings.dialect {
        case .openai, .bve: .openAI(errorParam: settings.errorParam)
        case .behest:
            switch settings.edgeDialect {
            case .data: .behestData
            case .kong: .behestEdge
            }
        case .behestAdmin: .behestAdmin
        case .onecli: .oneCLI
        case .onecliObject: .oneCLIObject
        case .onecliGateway: .oneCLIGateway
        case .devsphere: .devSphere
        }
    }

    private func action(
        _ route: RouteSettings, _ pattern: String, _ site: SiteSettings,
        _ document: ServedDocument?, number: Int
    ) -> Route {
        let action: Route.Action =
            switch route.action {
            case .forward: .forward
            case .health: .health
            case .openapi: .document
            case .legacyCompletions: .legacyCompletions
            case .websocket: .webSocket
            }
        let body: Route.Body =
            switch route.body {
            case .json: .json
            case .stream: .stream
            case .none: .none
            }
        let shape: StreamShape =
            switch route.errorShape {
            case .envelope: .envelope
            case .responses: .responses
            case .anthropic: .anthropic
            }
        return Route(
            name: pattern, action: action, body: body,
            bodyLimit: route.bodyLimitBytes ?? site.bodyLimitBytes,
            upstreamPath: upstreamPath(of: route), errorShape: shape,
            document: route.action == .openapi ? document : nil, number: number,
            permission: Permission(scope: route.scope, roles: route.roles))
    }

    private func upstreamPath(of route: RouteSettings) -> [UInt8] {
        let usual = route.action == .legacyCompletions ? "/v1/chat/completions" : ""
        return Array((route.upstreamPath ?? usual).utf8)
    }

    func index(of upstream: String) -> Int {
        configuration.upstreams.firstIndex { $0.name == upstream } ?? 0
    }

    // MARK: Limits

    private var processLimit: ProcessLimit? {
        let caps = configuration.monthlyRequests
        guard caps.softCap != nil || caps.hardCap != nil else { return nil }
        return ProcessLimit(
            softCap: caps.softCap, hardCap: caps.hardCap, meter: meters.process
        ) { count in
            // On a thread of its own: the worker that served this request must not wait for
            // whoever reads the warning.
            _ = try? Thread.spawn(name: "warning") {
                StandardStream.error.write(
                    "gatehouse: warning: \(count) requests this month: the soft cap is reached\n")
            }
        }
    }

    // MARK: Identities

    private func identity(_ settings: SiteSettings) -> Identity {
        var kinds: CredentialRules.Kinds = []
        for kind in settings.credentials { kinds.insert(kind == .key ? .key : .token) }
        let rules = CredentialRules(
            prefix: settings.keyPrefix, strictKeyFormat: settings.dialect == .bve,
            otherFields: settings.credentialFields.map { $0 == .apiKey ? .apiKey : .xApiKey },
            kinds: kinds)
        return Identity(rules: rules, pepper: configuration.keyPepper.bytes)
    }

    private func keys(
        _ settings: SiteSettings, _ directory: DirectoryBuilder
    ) throws(StartFault) -> KeyTable {
        let minute: RequestLimits.MinuteKind =
            switch settings.minuteWindow {
            case .anchoredMinute: .anchoredMinute
            case .calendarMinute: .calendarMinute
            case .epochAligned: .epochAligned
            }
        var records: [KeyRecord] = []
        for key in settings.keys {
            guard let digest = Digest(bytes: key.hash.span) else {
                throw StartFault("key \(key.id): the hash has not 32 bytes")
            }
            let principal = try directory.principal(
                key, minute, limitsTokens: settings.tokenBudgets.limitsKeys)
            records.append(record(key, digest, principal))
        }
        do throws(KeyTable.Duplicate) {
            return try KeyTable(records)
        } catch {
            throw StartFault("keys \(error.firstID) and \(error.secondID) are one key")
        }
    }

    private func record(_ key: KeyEntry, _ digest: Digest, _ principal: Principal) -> KeyRecord {
        let status: KeyStatus =
            switch key.status {
            case .active: .active
            case .suspended: .suspended
            case .revoked: .revoked
            }
        return KeyRecord(
            principal, name: key.name, prefix: key.prefix, digest: digest, status: status,
            expiresAt: key.expiresAt)
    }

    /// Counts afresh with every snapshot: a minute is soon over.
    private func addressLimit(_ settings: SiteSettings) -> AddressLimit? {
        settings.addressRequestsPerMinute.map {
            AddressLimit(
                perMinute: $0, capacity: configuration.limits.countedAddresses,
                seed: UInt64.random(in: .min ... .max))
        }
    }

    // MARK: Numbers

    private var timeouts: Timeouts {
        let set = configuration.timeouts
        var times = Timeouts()
        times.handshake = set.tlsHandshake
        times.requestHead = set.requestHead
        times.requestBodyIdle = set.requestBodyIdle
        times.keepAliveIdle = set.keepAliveIdle
        times.writeStall = set.writeStall
        times.tunnelIdle = set.tunnelIdle
        times.tunnelHalfClosed = set.tunnelHalfClosed
        times.linger = configuration.limits.linger
        times.upstream.connect = set.upstream.connect
        times.upstream.tls = set.upstream.tls
        times.upstream.firstByte = set.upstream.firstByte
        times.upstream.idle = set.upstream.idle
        times.upstream.poolIdle = set.upstream.poolIdle
        return times
    }

    private var bounds: Bounds {
        let set = configuration.limits
        var bounds = Bounds()
        bounds.streamBufferBytes = set.streamBufferBytes
        bounds.translatedAnswerBytes = set.translatedAnswerBytes
        bounds.lingerBytes = set.lingerBytes
        let connections = set.clientConnections > 0 ? set.clientConnections : descriptorLimit / 2
        bounds.sessions = share(connections)
        bounds.addressConnections = set.addressConnections
        bounds.uploadBytesPerSecond = set.uploadBytesPerSecond
        bounds.downloadBytesPerSecond = set.downloadBytesPerSecond
        return bounds
    }

    private var clientLimits: CodecLimits {
        let set = configuration.limits
        var limits = CodecLimits()
        limits.headBytes = set.requestHeadBytes
        limits.fieldCount = set.requestFieldCount
        limits.targetBytes = set.requestTargetBytes
        limits.trailerBytes = set.trailerBytes
        limits.concurrentStreams = set.concurrentStreams
        limits.connectionHeadBytes = set.connectionHeadBytes
        limits.frames.resetBurst = set.resetBurst
        limits.frames.resetsPerSecond = set.resetsPerSecond
        limits.frames.uselessFrameBurst = set.uselessFrameBurst
        limits.frames.uselessFramesPerSecond = set.uselessFramesPerSecond
        limits.frames.queuedFrames = set.queuedControlFrames
        limits.offersWebSocket = configuration.sites.contains(where: offersTunnels)
        limits.streamWindowBytes = set.streamWindowBytes
        limits.connectionWindowBytes = set.connectionWindowBytes
        return limits
    }

    /// Upstreams are the operator's choice: larger windows, and more fields than a client may send.
    private var upstreamLimits: CodecLimits {
        var limits = CodecLimits()
        limits.fieldCount = 256
        limits.streamWindowBytes = configuration.limits.streamBufferBytes
        // A connection carries many clients' streams. Were its window the tighter bound, a few
        // clients that do not read would stop all others; so the streams' windows are the bound.
        limits.connectionWindowBytes = 1 << 30
        return limits
    }
}
