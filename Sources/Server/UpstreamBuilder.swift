import Configuration
import Crypto
import Kernel
import Policies
import Proxy
import TLS
import Telemetry
import Upstream

/// Makes the upstreams of a configuration. One that would come out as it is in force stays the
/// object it is, and keeps its connections so (docs/decisions/0029).
struct UpstreamBuilder {
    /// An upstream and what it was made from.
    struct Made {
        fileprivate let origin: Origin
        let target: UpstreamTarget
    }

    /// Everything an upstream follows from.
    fileprivate struct Origin: Equatable {
        let settings: UpstreamSettings
        let isForTunnels: Bool
        let security: Security
    }

    /// Everything a TLS context follows from: the paths, and what stood there.
    fileprivate struct Security: Equatable {
        let speech: UpstreamTarget.Speech
        let paths: [String?]
        let digests: [Digest?]
    }

    /// Larger ones are bundles of half the world's authorities.
    private static let fileLimit = 16_777_216

    let configuration: Configuration
    let surroundings: Generation.Surroundings
    private let hasher = SHA256Hasher()

    init(_ configuration: Configuration, in surroundings: Generation.Surroundings) {
        self.configuration = configuration
        self.surroundings = surroundings
    }

    /// `before`: what is in force. The names of what is new are added to `subjects`.
    func build(
        after before: [Made], _ subjects: inout MetricSubjects
    ) throws(StartFault) -> [Made] {
        var all: [Made] = []
        for settings in configuration.upstreams {
            all.append(try make(settings, isForTunnels: false, after: before, &subjects))
        }
        // Where ALPN decides, WebSockets get connections of their own that offer HTTP/1.1 only
        // (docs/decisions/0019): the same upstreams once more, behind the others.
        for settings in configuration.upstreams
        where speech(settings) == .negotiated && carriesTunnels(settings) {
            all.append(try make(settings, isForTunnels: true, after: before, &subjects))
        }
        return all
    }

    static func tunnelName(of upstream: String) -> String { "\(upstream)/websocket" }

    private func make(
        _ settings: UpstreamSettings, isForTunnels: Bool, after before: [Made],
        _ subjects: inout MetricSubjects
    ) throws(StartFault) -> Made {
        let name = isForTunnels ? Self.tunnelName(of: settings.name) : settings.name
        let former = before.first { $0.target.name == name }
        let speech = isForTunnels ? .http1 : speech(settings)
        let origin = Origin(
            settings: settings, isForTunnels: isForTunnels,
            security: security(settings, speech))
        if let former, former.origin == origin { return former }
        let isSecureAsBefore = former?.origin.security == origin.security
        let target = UpstreamTarget(
            name: name, endpoints: endpoints(settings), speech: speech,
            tls: isSecureAsBefore ? former?.target.tls : try context(settings, speech),
            credential: settings.credential.map { OperatorCredential($0) },
            limits: limits(settings), ejection: ejection(settings.ejection),
            retries: RetryBudget(
                percent: settings.retries.budgetPercent, minimum: settings.retries.minimum),
            refreshMilliseconds: settings.resolve, health: settings.healthCheck.map(rules),
            number: subjects.add(upstream: name))
        return Made(origin: origin, target: target)
    }

    // MARK: Parts

    private func endpoints(_ settings: UpstreamSettings) -> [EndpointTarget] {
        settings.endpoints.map { endpoint in
            EndpointTarget(
                host: endpoint.url.host, port: endpoint.url.port, basePath: endpoint.url.basePath,
                authority: settings.hostHeader ?? endpoint.url.authority,
                serverName: settings.serverName ?? endpoint.url.host, weight: endpoint.weight)
        }
    }

    private func limits(_ settings: UpstreamSettings) -> PoolLimits {
        PoolLimits(
            connections: surroundings.share(of: settings.maxConnections),
            pending: surroundings.share(of: settings.maxPendingRequests),
            active: surroundings.share(of: settings.maxActiveRequests))
    }

    private func ejection(_ settings: EjectionSettings) -> EjectionRules {
        EjectionRules(
            failures: settings.failures, milliseconds: settings.duration,
            percent: settings.percent)
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

    private func carriesTunnels(_ upstream: UpstreamSettings) -> Bool {
        configuration.sites.contains { $0.upstream == upstream.name && $0.offersTunnels }
    }

    // MARK: TLS

    /// Read before the context is made: what changes between the two is noticed the next time.
    private func security(
        _ settings: UpstreamSettings, _ speech: UpstreamTarget.Speech
    ) -> Security {
        let paths = [settings.caFile, settings.clientCertificateFile, settings.clientKeyFile]
        return Security(
            speech: speech, paths: settings.url.isTLS ? ["TLS"] + paths : [],
            digests: paths.map { $0.flatMap(digest) })
    }

    /// nil: the file cannot be read, which the context will say.
    private func digest(of path: String) -> Digest? {
        guard let contents = try? FileContents.read(path, limit: Self.fileLimit) else { return nil }
        return hasher.hash(contents.bytes)
    }

    /// nil: the upstream is spoken to in cleartext.
    private func context(
        _ settings: UpstreamSettings, _ speech: UpstreamTarget.Speech
    ) throws(StartFault) -> TLSClientContext? {
        guard settings.url.isTLS else { return nil }
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
}
