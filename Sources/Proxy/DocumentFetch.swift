import HTTP
import Kernel
import TLS
import Upstream

/// Fetches one document with one GET over HTTP/1.1, on a connection of its own. Like `HealthProbe`
/// it knows neither threads nor sockets: its owner tells it the time and who is ready.
///
///     connecting ──▶ handshaking ──▶ asking ──end of the body──▶ over
///         └──────────────┴──────────────┴──── fault, time is over ──▲
public final class DocumentFetch {
    /// How far it has come.
    private enum Phase { case connecting, handshaking, asking, over }

    private let server: EndpointTarget
    private let target: [UInt8]
    private let tls: TLSClientContext?
    private let bodyLimit: Int
    private let network: any Network
    private let limits: CodecLimits
    private var addresses: AddressList
    private var tried: UInt64 = 0
    private var generation: UInt32 = 0
    private var phase = Phase.connecting
    private var channel: Channel?
    private var codec: (any Codec)?
    private let heads = HeadPool(bound: 4)
    private var work = WriteBuffers()
    private var scratch = ByteBuffer()
    private var body = ByteBuffer()
    private var now: Instant
    /// When the fetch is given up.
    public let deadline: Instant
    /// Why there is no document; nil while it is under way and when it is complete.
    public private(set) var fault: DocumentFault?

    /// Begins at once. `tls`: nil for cleartext.
    public init(
        _ server: EndpointTarget, target: String, tls: TLSClientContext?,
        addresses: [SocketAddress], bodyLimit: Int, timeoutMilliseconds: Int,
        network: any Network, limits: CodecLimits = CodecLimits(), now: Instant
    ) {
        self.server = server
        self.target = Array(target.utf8)
        self.tls = tls
        self.bodyLimit = bodyLimit
        self.network = network
        self.limits = limits
        self.now = now
        self.addresses = AddressList(addresses)
        deadline = now.advanced(milliseconds: timeoutMilliseconds)
        connect()
    }

    public var isOver: Bool { phase == .over }

    /// The document, once it is complete; empty before and after.
    public func takeBody() -> ByteBuffer {
        var taken = ByteBuffer()
        if phase == .over, fault == nil { swap(&taken, &body) }
        return taken
    }

    private func conclude(_ fault: DocumentFault?) {
        guard phase != .over else { return }
        if let channel, !channel.isBroken { channel.shutDownWriting() }
        channel = nil
        codec = nil
        self.fault = fault
        phase = .over
    }

    /// To be called at the deadline; earlier it does nothing.
    public func fire(at now: Instant) {
        if deadline <= now { conclude(.timedOut) }
    }

    // MARK: Connecting

    private var token: Token { Token(.upstreamConnection, slot: 0, generation: generation) }

    /// Tries the next address.
    private func connect() {
        channel = nil
        while let next = addresses.next(tried: &tried, at: now) {
            generation &+= 1
            do {
                let secured = try makeTLS()
                channel = Channel(try network.connect(to: next, token: token), tls: secured)
                phase = .connecting
                return
            } catch {
                addresses.failed(next, at: now)
            }
        }
        conclude(.unreachable)
    }

    private func makeTLS() throws(TLSFault) -> TLSConnection? {
        guard let tls else { return nil }
        return try TLSConnection(client: tls, serverName: server.serverName)
    }

    public func ready(_ token: Token, _ readiness: Readiness, at now: Instant) {
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
        guard channel.isSecure else { return ask() }
        phase = .handshaking
        do throws(TLSFault) {
            try channel.startHandshake()
        } catch {
            conclude(.tls(error.reason))
        }
    }

    // MARK: Asking

    private func ask() {
        let codec = HTTP1Codec(
            role: .client, limits: limits, heads: heads, isSecure: channel?.isSecure ?? false)
        self.codec = codec
        phase = .asking
        let head = heads.take()
        defer { heads.giveBack(head) }
        head.method = .get
        head.isSecure = tls != nil
        head.authority.append(server.authority)
        head.target.append(target)
        head.fields.append(name: "accept".utf8.span, value: "application/json".utf8.span)
        head.fields.append(name: "user-agent".utf8.span, value: "gatehouse".utf8.span)
        if codec.open(head, isEnd: true) == nil { conclude(.malformed) }
        codec.shutDown()
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
                ask()
                parse(channel)
            case .ended: return ended(channel)
            case .broken: return conclude(.cutOff)
            case .tlsFailed(let fault): return conclude(.tls(fault.reason))
            }
            // The end may have come with the last bytes.
            if channel.hasEnded, self.channel === channel { return ended(channel) }
        }
        if channel?.isBroken == true { conclude(.cutOff) }
    }

    /// A body without a length ends with the connection, but only if that was meant to end.
    private func ended(_ channel: Channel) {
        guard !channel.isCutOff() else { return conclude(.cutOff) }
        codec?.receivedEndOfFile()
        parse(channel)
        conclude(.cutOff)
    }

    private func parse(_ channel: Channel) {
        guard let codec else { return }
        let taken = channel.inbound.withBytes { codec.receive($0, at: now) }
        while phase != .over, let event = codec.nextEvent() { handle(event, channel) }
        channel.inbound.consume(min(taken, channel.inbound.count))
    }

    private func handle(_ event: CodecEvent, _ channel: Channel) {
        switch event {
        case .head(_, let head, let isEnd):
            let status = head.status
            heads.giveBack(head)
            if status != 200 {
                conclude(.status(status))
            } else if isEnd {
                conclude(nil)
            }
        case .interim(_, let head): heads.giveBack(head)
        case .body(let stream, let range):
            guard body.count + range.count <= bodyLimit else {
                return conclude(.tooLarge(limit: bodyLimit))
            }
            channel.inbound.withSlice(range) { body.append($0) }
            codec?.credit(range.count, on: stream)
        case .end(_, let trailers):
            if let trailers { heads.giveBack(trailers) }
            conclude(nil)
        case .failed, .reset, .refused: conclude(channel.hasEnded ? .cutOff : .malformed)
        case .drained, .closed, .goingAway: break
        }
    }
}
