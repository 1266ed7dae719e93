import HTTP
import HTTP2
import Kernel
import TLS
import Upstream

/// Asks one endpoint again and again, each time on a connection of its own, with the upstream's
/// protocol, TLS, host and credential.
///
///     resting ──due──▶ connecting ──▶ handshaking ──▶ asking ──answer──▶ resting
///                          └──────────────┴──── fault, time is over ────────▲
final class HealthProbe {
    /// How far a check has come.
    private enum Phase { case resting, connecting, handshaking, asking }

    let target: UpstreamTarget
    let place: Int
    private let rules: HealthRules
    private let network: any Network
    private let limits: CodecLimits
    private let slot: Int
    private var generation: UInt32 = 0
    private var addresses = AddressList([])
    private var tried: UInt64 = 0
    private var record: HealthRecord
    private var phase = Phase.resting
    private var channel: Channel?
    private var codec: (any Codec)?
    private let heads = HeadPool()
    private var work = WriteBuffers()
    private var scratch = ByteBuffer()
    private var now: Instant
    private var startedAt: Instant
    /// When something has to happen: the next check, or the end of this one.
    private(set) var deadline: Instant
    /// The verdict changed and nobody has asked for it yet.
    private(set) var hasNews = false

    /// `slot` tells the probe's events from those of others. The first check is due at once.
    init(
        _ target: UpstreamTarget, place: Int, rules: HealthRules, slot: Int,
        network: any Network, limits: CodecLimits, now: Instant
    ) {
        self.target = target
        self.place = place
        self.rules = rules
        self.slot = slot
        self.network = network
        self.limits = limits
        self.now = now
        startedAt = now
        deadline = now
        record = HealthRecord(
            unhealthyAfter: rules.unhealthyAfter, healthyAfter: rules.healthyAfter)
    }

    var isHealthy: Bool { record.isHealthy }

    /// Whether what `other` found holds here: it asked the same of the same place.
    func continues(_ other: HealthProbe) -> Bool {
        target.name == other.target.name && rules == other.rules
            && target.place(of: target.endpoints[place], in: other.target) == other.place
    }

    func takeOver(_ other: HealthProbe) { record = other.record }

    func takeNews() -> Bool {
        defer { hasNews = false }
        return hasNews
    }

    func resolved(_ found: [SocketAddress]) {
        if !found.isEmpty { addresses.replace(found) }
    }

    // MARK: Time

    func due(at now: Instant) {
        guard deadline <= now else { return }
        self.now = now
        guard case .resting = phase else { return conclude(false) }
        startedAt = now
        deadline = now.advanced(milliseconds: rules.timeoutMilliseconds)
        tried = 0
        connect()
    }

    private func conclude(_ isGood: Bool) {
        if let channel, !channel.isBroken { channel.shutDownWriting() }
        channel = nil
        codec = nil
        phase = .resting
        deadline = max(now, startedAt.advanced(milliseconds: rules.intervalMilliseconds))
        if record.note(isGood) { hasNews = true }
    }

    // MARK: Connecting

    private var token: Token { Token(.upstreamConnection, slot: slot, generation: generation) }

    /// Tries the next address.
    private func connect() {
        channel = nil
        while let next = addresses.next(tried: &tried, at: now) {
            generation &+= 1
            do {
                let tls = try makeTLS()
                channel = Channel(try network.connect(to: next, token: token), tls: tls)
                phase = .connecting
                return
            } catch {
                addresses.failed(next, at: now)
            }
        }
        conclude(false)
    }

    private func makeTLS() throws(TLSFault) -> TLSConnection? {
        guard let context = target.tls else { return nil }
        return try TLSConnection(client: context, serverName: target.endpoints[place].serverName)
    }

    func ready(_ token: Token, _ readiness: Readiness, at now: Instant) {
        guard token == self.token, let channel else { return }
        self.now = now
        channel.noteReadiness(readiness)
        if phase == .connecting {
            guard readiness.isWritable else { return }
            connected(channel)
        }
        progress()
    }

    private func connected(_ channel: Channel) {
        guard channel.connectFault == nil else { return connect() }
        guard channel.isSecure else { return ask(target.speech == .http2) }
        phase = .handshaking
        do throws(TLSFault) {
            try channel.startHandshake()
        } catch {
            conclude(false)
        }
    }

    // MARK: Asking

    private func ask(_ speaksHTTP2: Bool) {
        guard let codec = makeCodec(speaksHTTP2) else { return conclude(false) }
        self.codec = codec
        phase = .asking
        let head = heads.take()
        defer { heads.giveBack(head) }
        head.method = .get
        head.isSecure = target.tls != nil
        head.authority.append(target.endpoints[place].authority)
        head.target.append(rules.path)
        if let credential = target.credential { head.fields.append(credential.fields) }
        if codec.open(head, isEnd: true) == nil { conclude(false) }
    }

    private func makeCodec(_ speaksHTTP2: Bool) -> (any Codec)? {
        let isSecure = channel?.isSecure ?? false
        return speaksHTTP2
            ? HTTP2Codec(role: .client, limits: limits, heads: heads, isSecure: isSecure)
            : HTTP1Codec(role: .client, limits: limits, heads: heads, isSecure: isSecure)
    }

    /// Reads and writes as far as that goes now.
    private func progress() {
        while let channel, phase != .connecting {
            _ = channel.flush(codec, &work)
            guard channel.canRead, !channel.isBroken else { break }
            switch channel.read(&scratch) {
            case .nothing: break
            case .bytes: parse(channel)
            case .established:
                let spoken = channel.applicationProtocol
                if target.speech == .http2, spoken != .http2 { return conclude(false) }
                ask(spoken == .http2)
                parse(channel)
            case .ended, .broken, .tlsFailed: return conclude(false)
            }
        }
        if channel?.isBroken == true { conclude(false) }
    }

    private func parse(_ channel: Channel) {
        guard let codec else { return }
        let taken = channel.inbound.withBytes { codec.receive($0, at: now) }
        var verdict: Bool?
        while let event = codec.nextEvent() {
            switch event {
            case .head(_, let head, _):
                verdict = verdict ?? (200..<300).contains(head.status)
                heads.giveBack(head)
            case .interim(_, let head): heads.giveBack(head)
            case .end(_, let trailers): if let trailers { heads.giveBack(trailers) }
            case .failed, .reset, .refused: verdict = verdict ?? false
            case .body, .drained, .closed, .goingAway: break
            }
        }
        channel.inbound.consume(taken)
        if let verdict { conclude(verdict) }
    }
}
