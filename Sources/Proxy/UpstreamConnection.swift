import Errors
import HTTP
import HTTP2
import Kernel
import TLS
import Upstream

/// One connection to an upstream: connects, speaks, and hands every event to the exchange it is
/// for.
final class UpstreamConnection {
    /// How far the connection has come.
    private enum Phase { case connecting, handshaking, open, closed }

    let id: ConnectionID
    let token: Token
    let pool: UpstreamPool
    private let core: Core
    private var phase = Phase.connecting
    private(set) var channel: Channel?
    private(set) var codec: (any Codec)?
    /// Where it leads, by the place in the target's endpoints.
    private(set) var endpoint: Int
    private(set) var address: SocketAddress?
    /// How the access log calls the endpoint.
    private(set) var label = ""
    /// Addresses of the endpoint that were tried, one bit each.
    private var tried: UInt64 = 0
    /// The attempt ended for want of something of our own, for which no endpoint is to blame.
    private(set) var isOwnFault = false
    private var streams = StreamTable()
    private var deadline: Instant
    /// A stream whose exchange has its answer already and whose rest is read only so that the
    /// connection can be used again.
    private var unwanted: Lease?
    var holdsUnwanted: Bool { unwanted != nil }
    private var unwantedBytes = 0
    /// A tunnel's direction towards the upstream is over, and the upstream was told.
    private var hasSaidAll = false
    var isDirty = false
    var isQueuedToRead = false
    var armedAt: Instant?

    init(_ opening: Opening, token: Token, pool: UpstreamPool, core: Core) {
        id = opening.connection
        endpoint = opening.endpoint
        self.token = token
        self.pool = pool
        self.core = core
        deadline = core.now.monotonic
    }

    var isMultiplexed: Bool { codec is HTTP2Codec }
    /// Bytes the upstream's side of the kernel took; also known when the connection is gone.
    var sentBytes: UInt64 { channel?.sentBytes ?? sentBeforeEnd }
    private var sentBeforeEnd: UInt64 = 0
    /// Requests this connection has served before.
    private(set) var served = 0

    // MARK: Connecting

    func start() { connect(after: .unreachable) }

    /// Tries the next address of the endpoint, or else of the next endpoint: nothing was sent yet.
    /// The attempt as a whole fails, with the last `failure`, when all were tried.
    private func connect(after failure: UpstreamFailure) {
        while true {
            while let next = pool.nextAddress(of: endpoint, tried: &tried) {
                if connect(to: next) { return }
                if !isOwnFault { pool.failedToReach(next, of: endpoint) }
            }
            guard let next = pool.failedToOpen(self, failure) else { break }
            endpoint = next
            tried = 0
        }
        phase = .closed
        core.remove(self)
    }

    private func connect(to next: SocketAddress) -> Bool {
        address = next
        isOwnFault = false
        label = "\(pool.target.name) \(next)"
        do {
            let tls = try makeTLS()
            channel = Channel(try core.network.connect(to: next, token: token), tls: tls)
            phase = .connecting
            setDeadline(core.snapshot.timeouts.upstream.connect)
            return true
        } catch let fault as SystemFault {
            isOwnFault = fault.isExhaustion
        } catch {
            isOwnFault = true
        }
        return false
    }

    private func makeTLS() throws(TLSFault) -> TLSConnection? {
        guard let context = pool.target.tls else { return nil }
        return try TLSConnection(client: context, serverName: target.serverName)
    }

    /// What is told to the endpoint it leads to.
    var target: EndpointTarget { pool.target.endpoints[endpoint] }

    func ready(_ readiness: Readiness) {
        guard let channel else { return }
        channel.noteReadiness(readiness)
        if phase == .connecting {
            guard readiness.isWritable else { return }
            connected(channel)
        } else if phase == .handshaking || channel.isBlocked {
            core.touch(self)
        }
        progress()
    }

    private func connected(_ channel: Channel) {
        guard channel.connectFault == nil else {
            failToOpen(.unreachable)
            return
        }
        if channel.isSecure {
            phase = .handshaking
            setDeadline(core.snapshot.timeouts.upstream.tls)
            do throws(TLSFault) {
                try channel.startHandshake()
            } catch {
                failToOpen(.tlsFailed)
                return
            }
            core.touch(self)
        } else {
            open(pool.target.speech == .http2)
        }
    }

    private func open(_ speaksHTTP2: Bool) {
        guard let codec = makeCodec(speaksHTTP2) else {
            isOwnFault = true
            failToOpen(.unreachable)
            return
        }
        self.codec = codec
        core.touch(self)
        if speaksHTTP2 {
            // Its SETTINGS say how many streams it takes, and whether it takes WebSocket.
            phase = .handshaking
            setDeadline(core.snapshot.timeouts.upstream.tls)
        } else {
            opened(codec)
        }
    }

    private func opened(_ codec: any Codec) {
        phase = .open
        setDeadline(core.snapshot.timeouts.upstream.poolIdle)
        pool.opened(self, capacity: codec.availableStreams)
    }

    /// nil: there is no memory for it.
    private func makeCodec(_ speaksHTTP2: Bool) -> (any Codec)? {
        let limits = core.snapshot.upstreamCodecLimits
        let isSecure = channel?.isSecure ?? false
        return speaksHTTP2
            ? HTTP2Codec(
                role: .client, limits: limits, heads: core.heads, isSecure: isSecure,
                memory: core.memory)
            : HTTP1Codec(role: .client, limits: limits, heads: core.heads, isSecure: isSecure)
    }

    private func failToOpen(_ failure: UpstreamFailure) {
        guard phase != .closed else { return }
        if phase == .handshaking, channel?.isEstablished == false {
            core.metrics?.handshake(.upstream, .failed)
        }
        channel = nil
        if let address, !isOwnFault { pool.failedToReach(address, of: endpoint) }
        connect(after: failure)
    }

    // MARK: Reading

    func progress() {
        guard let channel, phase != .closed, phase != .connecting else { return }
        guard !isPaused else { return }
        core.lendInbound(to: channel)
        let arrival = channel.read(&core.scratch)
        switch arrival {
        case .nothing: break
        case .bytes: parse(channel)
        case .established:
            core.metrics?.handshake(.upstream, channel.isResumed ? .resumed : .full)
            guard established(channel) else { break }
            parse(channel)
        case .ended: ended()
        case .tlsFailed:
            if phase == .handshaking { failToOpen(.tlsFailed) } else { lose(.reset) }
        case .broken:
            if phase == .handshaking { failToOpen(.unreachable) } else { lose(.reset) }
        }
        core.takeInboundBack(from: channel)
        if phase != .closed, channel.hasEnded, phase == .open { ended() }
        if phase != .closed, channel.canRead, !isPaused { core.readAgain(self) }
    }

    private var isPaused: Bool {
        (codec?.uncreditedBytes ?? 0) > core.snapshot.limits.streamBufferBytes
    }

    private func established(_ channel: Channel) -> Bool {
        let spoken = channel.applicationProtocol
        if pool.target.speech == .http2, spoken != .http2 {
            failToOpen(.tlsFailed)
            return false
        }
        open(spoken == .http2)
        return phase != .closed
    }

    private func parse(_ channel: Channel) {
        guard let codec else { return }
        let taken = channel.inbound.withBytes { codec.receive($0, at: core.now.monotonic) }
        handleEvents(codec)
        channel.inbound.consume(taken)
        if codec.hasOutput || codec.isFinished { core.touch(self) }
        if phase == .handshaking, (codec as? HTTP2Codec)?.hasPeerSettings == true { opened(codec) }
    }

    /// The upstream closed its side: what that means for a message under way is the codec's to say.
    private func ended() {
        if phase == .handshaking {
            failToOpen(.tlsFailed)
            return
        }
        // Bytes that ended without close_notify may have been cut by anybody: what the codec would
        // take for a complete body then is not. The two ends of a tunnel can tell by themselves.
        let isTunnel = codec?.isTunnel ?? false
        if isTunnel || channel?.isCutOff() != true, let codec {
            codec.receivedEndOfFile()
            handleEvents(codec)
        }
        if phase == .open, !isTunnel { lose(.reset) }
    }

    // MARK: Events

    private func handleEvents(_ codec: any Codec) {
        while phase != .closed, let event = codec.nextEvent() { handle(event, codec) }
        // Not `openStreams`: that counts cancelled ones whose RST_STREAM has not left, for which no
        // lease is held, and whoever was promised their place would be turned away again and again.
        if phase == .open, isMultiplexed {
            pool.capacityChanged(self, to: codec.availableStreams + streams.count)
        }
    }

    private func handle(_ event: consuming CodecEvent, _ codec: any Codec) {
        switch event {
        case .head(let stream, let head, let isEnd):
            if let exchange = streams[stream] {
                pool.answered(endpoint, status: head.status)
                exchange.receivedHead(head, isEnd: isEnd)
            } else {
                core.heads.giveBack(head)
            }
            if isEnd { finishUnwanted() }
        case .interim(_, let head): core.heads.giveBack(head)
        case .body(let stream, let range):
            if let exchange = streams[stream], let channel {
                channel.inbound.withSlice(range) { exchange.receivedBody($0) }
            } else {
                codec.credit(range.count, on: stream)
                discarded(range.count)
            }
        case .end(let stream, let trailers):
            if let exchange = streams[stream] {
                exchange.receivedEnd(trailers)
            } else {
                if let trailers { core.heads.giveBack(trailers) }
                finishUnwanted()
            }
        case .reset(let stream, _, let isUnprocessed):
            if let exchange = streams[stream] {
                if exchange.status == 0, !isUnprocessed { pool.failed(endpoint) }
                exchange.upstreamBroke(.reset, isUnprocessed: isUnprocessed)
            }
        case .refused(let stream, _):
            if let exchange = streams[stream] {
                if exchange.status == 0 { pool.failed(endpoint) }
                exchange.upstreamBroke(.malformedReply)
            }
        case .drained(let stream): streams[stream]?.upstreamDrained()
        case .closed(let stream):
            let exchange = streams[stream]
            streams.remove(stream)
            exchange?.upstreamClosed()
        case .goingAway:
            // Who says good-bye before anything was asked would do so again and again.
            if phase == .handshaking { failToOpen(.reset) } else { pool.goingAway(self) }
        case .failed: lose(.malformedReply)
        }
    }

    // MARK: Streams

    /// Sends the request's head; nil when the peer takes no stream now after all.
    func open(_ head: Head, isEnd: Bool, for exchange: Exchange) -> StreamID? {
        guard let stream = codec?.open(head, isEnd: isEnd) else { return nil }
        streams.insert(exchange, for: stream)
        served += 1
        core.touch(self)
        return stream
    }

    /// The peer may send as many bytes more: it is told so, and a connection at rest is read on.
    func credit(_ count: Int, on stream: StreamID) {
        guard let codec else { return }
        codec.credit(count, on: stream)
        if codec.hasOutput { core.touch(self) }
        if channel?.canRead == true { core.readAgain(self) }
    }

    /// The exchange takes nothing more from this stream.
    func forget(_ stream: StreamID) { streams.remove(stream) }

    /// Cancels the stream. On HTTP/1.1 that ends the connection.
    func cancel(_ stream: StreamID) {
        streams.remove(stream)
        codec?.reset(stream, .cancel)
        if isMultiplexed { core.touch(self) } else { close() }
    }

    /// Reads the rest of an unwanted answer, if it is short, to keep an HTTP/1.1 connection.
    func discardRest(of stream: StreamID, _ lease: consuming Lease, expected: Int) {
        streams.remove(stream)
        unwantedBytes = expected
        unwanted = consume lease
        setDeadline(core.snapshot.timeouts.upstream.poolIdle)
    }

    private func discarded(_ count: Int) {
        guard unwanted != nil else { return }
        unwantedBytes -= count
        if unwantedBytes < 0 { close() }
    }

    private func finishUnwanted() {
        guard let lease = unwanted.take() else { return }
        pool.giveBack(lease, isReusable: isReusable)
    }

    /// Whether a WebSocket can be asked for: an HTTP/2 peer says so.
    var allowsWebSocket: Bool { (codec as? HTTP2Codec)?.allowsWebSocket ?? true }

    /// Whether another request may follow on this connection.
    var isReusable: Bool {
        guard phase == .open, channel?.isUsable == true, let codec else { return false }
        return !codec.isFinished && codec.availableStreams + codec.openStreams > 0
    }

    /// The connection was used just now.
    func noteUse() {
        setDeadline(core.snapshot.timeouts.upstream.poolIdle)
    }

    // MARK: Writing and ending

    func flush() {
        isDirty = false
        guard let channel, phase == .open || phase == .handshaking else { return }
        let codec = codec
        _ = channel.flush(codec, &core.work)
        if let codec { handleEvents(codec) }
        guard phase == .open || phase == .handshaking else { return }
        if channel.isBroken {
            if phase == .handshaking { failToOpen(.unreachable) } else { lose(.reset) }
        } else if let codec, codec.isFinished, !channel.isBlocked, streams.count == 0 {
            close()
        } else {
            if let codec, codec.hasSaidAll, !hasSaidAll, !channel.isBlocked {
                hasSaidAll = true
                channel.shutDownWriting()
            }
            if channel.canRead, !isPaused { core.readAgain(self) }
        }
    }

    /// Ends the connection; the exchanges on it fail.
    private func lose(_ failure: UpstreamFailure) {
        guard phase == .open else {
            if phase == .handshaking { failToOpen(failure) }
            return
        }
        let orphans = streams.all
        let isFault = orphans.contains(where: isOwedAnswer)
        close()
        if isFault { pool.failed(endpoint) }
        for exchange in orphans { exchange.upstreamBroke(failure) }
    }

    /// Whether the end of the connection broke a promise to the exchange. One that was idle may be
    /// closed at the moment it is used again: that is nobody's fault.
    private func isOwedAnswer(_ exchange: Exchange) -> Bool {
        exchange.status == 0 && !(exchange.isReused && exchange.sentMark == sentBytes)
    }

    /// Ends a connection that carries nothing any more. What a tunnel said last may not have left
    /// yet; `flush` ends it then.
    func closeWhenWritten() {
        let isWriting = channel?.isBlocked == true && codec?.isTunnel == true
        if !isWriting { close() }
    }

    func close() {
        guard phase == .open || phase == .handshaking || phase == .connecting else { return }
        phase = .closed
        sentBeforeEnd = sentBytes
        if let channel, !channel.isBroken { channel.shutDownWriting() }
        channel = nil
        core.remove(self)
        pool.closed(self)
        if let lease = unwanted.take() { pool.giveBack(lease, isReusable: false) }
    }

    // MARK: Time

    private func setDeadline(_ milliseconds: Int) {
        deadline = core.now.monotonic.advanced(milliseconds: milliseconds)
        core.arm(self, at: deadline)
    }

    func due() {
        guard phase != .closed else { return }
        if core.now.monotonic < deadline {
            core.arm(self, at: deadline)
            return
        }
        switch phase {
        case .connecting: failToOpen(.timedOut(.connect))
        case .handshaking: failToOpen(.timedOut(.handshake))
        case .open:
            if pool.isUnused(self) || unwanted != nil {
                close()
            } else {
                setDeadline(core.snapshot.timeouts.upstream.poolIdle)
            }
        case .closed: break
        }
    }
}
