import Configuration
import Kernel
import Policies
import Synchronization
import TLS
import Telemetry

/// Keeps one token issuer's keys fresh, on a thread of its own, so that neither a worker nor
/// another issuer ever waits for its server. The last set that was read stays in force while no
/// other can be.
final class KeySetSource: Sendable {
    /// How often a file is looked at.
    private static let fileMilliseconds = 1_000

    /// What came of reading so far.
    private struct State {
        var document: [UInt8] = []
        var keys: KeySet?
        var readAt: UnixTime?
        var successes = 0
        var failures = 0
        /// Why the last reading failed; nil: it did not.
        var problem: KeySetProblem?
    }

    let demand: KeyDemand
    private let settings: TokenIssuerSettings
    private let tls: TLSClientContext?
    private let waker: Waker
    private let stopping = Atomic<Bool>(false)
    private let state = Lock(State())

    /// Reads a file at once; what has to be fetched comes later.
    init(_ settings: TokenIssuerSettings) throws(StartFault) {
        self.settings = settings
        do throws(SystemFault) {
            let waker = try Waker()
            self.waker = waker
            demand = KeyDemand { waker.wake() }
        } catch {
            throw StartFault("token issuer \(settings.name): \(error)")
        }
        do throws(TLSFault) {
            tls = try Self.context(settings)
        } catch {
            throw StartFault("token issuer \(settings.name): \(error)")
        }
        guard settings.keysFile != nil else { return }
        do throws(KeySetProblem) {
            _ = try refresh()
        } catch {
            throw StartFault("token issuer \(settings.name): \(error)")
        }
    }

    private static func context(
        _ settings: TokenIssuerSettings
    ) throws(TLSFault) -> TLSClientContext? {
        guard settings.keysFile == nil else { return nil }
        var tls = TLSClientSettings()
        tls.authoritiesFile = settings.caFile
        tls.protocols = [.http1]
        return try TLSClientContext(tls)
    }

    var keys: KeySet? { state.withLock { $0.keys } }

    /// For the metrics.
    var reading: TokenKeysReading {
        state.withLock { state in
            TokenKeysReading(
                issuer: settings.name, keys: state.keys?.keys.count ?? 0, readAt: state.readAt,
                successes: state.successes, failures: state.failures)
        }
    }

    // MARK: The thread

    /// Reads again and again until `stop`, and tells `changed` each new set.
    func run(_ changed: (KeySet) -> Void) {
        let isFile = settings.keysFile != nil
        var schedule = RefreshSchedule(
            intervalMilliseconds: isFile ? Self.fileMilliseconds : settings.refresh,
            demandMilliseconds: isFile ? Self.fileMilliseconds : settings.unknownKeyInterval,
            now: .now())
        while !stopping.load(ordering: .relaxed) {
            let wait = schedule.due(isDemanded: demand.isOpen).since(.now())
            if wait > 0 {
                waker.wait(milliseconds: Int32(clamping: (wait + 999_999) / 1_000_000))
                continue
            }
            demand.meet()
            schedule.began(at: .now())
            let isGood = readOnce(changed)
            schedule.ended(well: isGood, at: .now())
        }
    }

    func stop() {
        stopping.store(true, ordering: .relaxed)
        waker.wake()
    }

    private func readOnce(_ changed: (KeySet) -> Void) -> Bool {
        do throws(KeySetProblem) {
            let fresh = try refresh()
            // The workers first: what the line says is in force when it can be read.
            if let fresh { changed(fresh) }
            report(nil, fresh)
            return true
        } catch {
            if !stopping.load(ordering: .relaxed) { report(error, nil) }
            return false
        }
    }

    /// Once for each problem, and when it is over.
    private func report(_ problem: KeySetProblem?, _ fresh: KeySet?) {
        let before = state.withLock { state in
            let before = state.problem
            state.problem = problem
            if problem == nil { return before }
            state.failures += 1
            return before
        }
        if let fresh { warnOfIgnored(fresh) }
        guard problem != before else { return }
        if let problem {
            let rest = keys == nil ? "no token is believed yet" : "the last ones stay in force"
            say("warning: token issuer \(settings.name): no keys: \(problem); \(rest)")
        } else {
            say("token issuer \(settings.name): the keys can be read again")
        }
    }

    private func warnOfIgnored(_ keys: KeySet) {
        guard keys.ignoredCount > 0 || keys.keys.isEmpty else { return }
        say(
            "warning: token issuer \(settings.name): \(keys.keys.count) keys can verify tokens, "
                + "\(keys.ignoredCount) cannot")
    }

    private func say(_ line: String) { StandardStream.error.write("gatehouse: \(line)\n") }

    // MARK: Reading

    /// Reads once. nil: the same document as before, so that workers keep what they remember.
    private func refresh() throws(KeySetProblem) -> KeySet? {
        let (document, place) = try fetch()
        let version = state.withLock { state in
            state.keys != nil && state.document == document ? nil : (state.keys?.version ?? 0) + 1
        }
        guard let version else {
            note(nil, document)
            return nil
        }
        let reader = KeySetReader(
            acceptsSecrets: settings.keysFile != nil, tenantMember: settings.tenantMember ?? "")
        do throws(KeySetFault) {
            let keys = try reader.read(document.span, version: version)
            note(keys, document)
            return keys
        } catch {
            throw KeySetProblem("\(place) \(error.text)")
        }
    }

    private func note(_ keys: KeySet?, _ document: [UInt8]) {
        let now = Moment.now().wall
        state.withLock { state in
            state.readAt = now
            state.successes += 1
            guard let keys else { return }
            state.keys = keys
            state.document = document
        }
    }

    /// The key set's text, and where it was found.
    private func fetch() throws(KeySetProblem) -> (document: [UInt8], place: String) {
        if let path = settings.keysFile { return (try Self.contents(of: path), path) }
        let fetch = KeySetFetch(
            timeoutMilliseconds: settings.timeout, tls: tls, waker: waker,
            isStopping: { self.stopping.load(ordering: .relaxed) })
        if let url = settings.keysURL { return (try fetch.get(url), "\(url)") }
        let url = try discover(fetch)
        return (try fetch.get(url), "\(url)")
    }

    private static func contents(of path: String) throws(KeySetProblem) -> [UInt8] {
        do throws(FileContents.Failure) {
            let contents = try FileContents.read(path, limit: KeySetFetch.bodyLimit)
            return contents.bytes.array
        } catch {
            throw KeySetProblem("\(path): \(error)")
        }
    }

    private func discover(_ fetch: KeySetFetch) throws(KeySetProblem) -> DocumentURL {
        guard let place = settings.discoveryURL else { throw KeySetProblem("nowhere to look") }
        let text = try fetch.get(place)
        guard let document = DiscoveryDocument(text.span) else {
            throw KeySetProblem("\(place) is no discovery document")
        }
        guard settings.issuers.contains(where: { Array($0.utf8) == document.issuer }) else {
            throw KeySetProblem("\(place) is about another issuer")
        }
        guard let url = DocumentURL(document.keysURL),
            url.server.isTLS || !place.server.isTLS
        else { throw KeySetProblem("\(place): jwks_uri is no URL to trust") }
        return url
    }
}
