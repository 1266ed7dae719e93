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
    let surroundings: Generation.Surroundings
    /// All of them, those for tunnels alone behind the others.
    let upstreams: [UpstreamTarget]

    /// `before`: what is in force, and in part goes on; nil: nothing is yet.
    func build(
        after before: Generation? = nil, _ subjects: inout MetricSubjects
    ) throws(StartFault) -> Snapshot {
        var hosts: [(name: String, site: Site)] = []
        var fallback: Site?
        let directory = try DirectoryBuilder(configuration, meters: surroundings.meters)
        for settings in configuration.sites {
            let site = try site(settings, directory, &subjects)
            if settings.hosts.isEmpty { fallback = site }
            for host in settings.hosts { hosts.append((host, site)) }
        }
        return Snapshot(
            sites: SiteDirectory(hosts: hosts, fallback: fallback), upstreams: upstreams,
            timeouts: timeouts, limits: bounds, clientCodecLimits: clientLimits,
            upstreamCodecLimits: upstreamLimits,
            trustedProxies: TrustedProxies(configuration.trustedProxies),
            bodyBudget: before?.snapshot.bodyBudget
                ?? BodyBudget(limitBytes: configuration.limits.collectedBodiesBytes),
            addressConnections: before?.snapshot.addressConnections ?? AddressConnections(),
            memory: before?.snapshot.memory ?? MemoryGuard(),
            processLimit: processLimit, tokenIssuers: tokenIssuers(directory.directory),
            directory: directory.directory)
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
        upstreams.firstIndex { $0.name == upstream } ?? 0
    }

    /// The same for WebSocket.
    private func tunnelIndex(of upstream: String) -> Int {
        let name = UpstreamBuilder.tunnelName(of: upstream)
        return upstreams.firstIndex { $0.name == name } ?? index(of: upstream)
    }

    // MARK: Limits

    private var processLimit: ProcessLimit? {
        let caps = configuration.monthlyRequests
        guard caps.softCap != nil || caps.hardCap != nil else { return nil }
        return ProcessLimit(
            softCap: caps.softCap, hardCap: caps.hardCap, meter: surroundings.meters.process
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
        let connections =
            set.clientConnections > 0 ? set.clientConnections : surroundings.descriptorLimit / 2
        bounds.sessions = surroundings.share(of: connections)
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
        limits.offersWebSocket = configuration.sites.contains(where: \.offersTunnels)
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
