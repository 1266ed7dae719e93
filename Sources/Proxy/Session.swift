import Errors
import HTTP
import HTTP2
import Kernel
import Policies
import TLS
import Telemetry

/// One client connection: its channel, its codec, its exchanges, its deadlines.
final class Session {
    private enum Phase {
        case handshaking
        /// Cleartext: the first bytes tell which protocol is spoken.
        case sniffing
        case open
        /// Everything is said; what the client still sends is thrown away for a while, because
        /// closing with unread bytes would destroy the answer on its way (RFC 9112 section 9.6).
        case lingering
        case closed
    }

    let token: Token
    let peer: SocketAddress
    let traits: ListenerTraits
    /// Among the connections of its address; nil: not counted.
    var place: ConnectionPlace?
    let core: Core
    private var phase = Phase.sniffing
    private(set) var channel: Channel?
    private(set) var codec: (any Codec)?
    private var streams = StreamTable()
    private var deadline: Instant
    /// When bytes were last written for the client. What it sends does not count: it would hold off
    /// the stall.
    private var lastProgress: Instant
    private var hasServed = false
    /// The codec knows that the client sends no more, and the client still waits for answers.
    private var isHalfClosed = false
    /// The client broke the protocol.
    private var hasFailed = false
    /// HTTP/2: more than the preface has come.
    private var hasGreeted = false
    /// An answer has left since the bytes behind its request were looked at.
    private var hasAnswered = false
    /// A tunnel's own direction is over, and the client was told.
    private var hasSaidAll = false
    private var headDeadline: Instant?
    private var lingered = 0
    /// Bytes the codec has taken.
    private var taken = 0
    var isDirty = false
    var isQueuedToRead = false
    private var isQueuedToShake = false
    private var hasShaken = false
    var armedAt: Instant?

    init(_ token: Token, peer: SocketAddress, traits: ListenerTraits, core: Core) {
        self.token = token
        self.peer = peer
        self.traits = traits
        self.core = core
        deadline = core.now.monotonic
        lastProgress = core.now.monotonic
    }

    var isSecure: Bool { traits.tls != nil }
    var isHTTP2: Bool { codec is HTTP2Codec }
    private var isTunnel: Bool { codec?.isTunnel ?? false }
    /// When the kernel last took bytes, while it still owes taking others.
    var lastSent: Instant? { channel?.isBlocked == true ? lastProgress : nil }

    func start(_ wire: any Wire) {
        do throws(TLSFault) {
            let tls = try traits.tls.map { (context) throws(TLSFault) in
                try TLSConnection(server: context)
            }
            channel = Channel(wire, tls: tls)
        } catch {
            abort()
            return
        }
        if traits.tls != nil {
            phase = .handshaking
            setDeadline(core.snapshot.timeouts.handshake)
        } else if !traits.speaksHTTP2 || !traits.speaksHTTP1 {
            open(http2: traits.speaksHTTP2)
        } else {
            setDeadline(core.snapshot.timeouts.requestHead)
        }
    }

    // MARK: Reading

    func ready(_ readiness: Readiness) {
        guard let channel else { return }
        channel.noteReadiness(readiness)
        if readiness.isBroken, isPaused(channel) || channel.hasEnded {
            // Nobody will read what is left, so nothing has to be read first. A half-closed client
            // has nothing more to be read, so that reading would not meet the reset.
            abort()
            return
        }
        if readiness.isWritable, channel.isBlocked || codec?.hasOutput == true { core.touch(self) }
        if phase == .handshaking {
            guard !isQueuedToShake else { return }
            isQueuedToShake = true
            core.queueHandshake(self, isFirstFlight: !hasShaken)
        } else {
            progress()
        }
    }

    func handshakeStep() {
        isQueuedToShake = false
        hasShaken = true
        // Keys are the dearest thing a stranger can ask for; who has left does not need them.
        if channel?.isClosing == true { abort() } else { progress() }
    }

    func progress() {
        guard let channel, phase != .closed else { return }
        if phase == .lingering {
            linger(channel)
            return
        }
        guard !isPaused(channel) else {
            lookForEnd(of: channel)
            return
        }
        core.lendInbound(to: channel)
        switch channel.read(&core.scratch) {
        case .nothing: if phase == .handshaking { core.touch(self) }
        case .bytes: take()
        case .established:
            core.metrics?.handshake(.client, channel.isResumed ? .resumed : .full)
            open(http2: channel.applicationProtocol == .http2)
            take()
        case .ended: ended()
        case .tlsFailed: failHandshake()
        case .broken: abort()
        }
        if phase != .closed, channel.hasEnded, phase == .open { ended() }
        core.takeInboundBack(from: channel)
        guard phase != .lingering, phase != .closed, channel.canRead else { return }
        if isPaused(channel) { lookForEnd(of: channel) } else { core.readAgain(self) }
    }

    /// The client is gone whose end stands behind bytes that cannot be taken now.
    private func lookForEnd(of channel: Channel) {
        if channel.isClosing, !traits.allowsHalfClose, !isTunnel { abort() }
    }

    /// A client that sends faster than its bytes can go on is not read: TCP tells it to wait.
    private func isPaused(_ channel: Channel) -> Bool {
        (codec?.uncreditedBytes ?? 0) > core.snapshot.limits.streamBufferBytes
            || channel.inbound.count > core.snapshot.clientCodecLimits.headBytes * 2
    }

    private func take() {
        if phase == .sniffing { sniff() }
        if phase == .open { parse() }
    }

    /// "PRI * HTTP/2.0" begins every HTTP/2 connection (RFC 9113 section 3.4); no HTTP/1.1 request
    /// does.
    private func sniff() {
        guard let channel else { return }
        let seen = min(channel.inbound.count, 4)
        let isPreface = channel.inbound.withSlice(0..<seen) { Self.isPreface($0) }
        if !isPreface {
            open(http2: false)
        } else if seen == 4 {
            open(http2: true)
        }
    }

    private func open(http2: Bool) {
        codec = makeCodec(http2: http2)
        guard codec != nil else {
            abort()
            return
        }
        phase = .open
        setDeadline(core.snapshot.timeouts.requestHead)
        if core.isDraining { leave() }
        core.touch(self)
    }

    private func parse() {
        guard let codec, let channel else { return }
        let taken = channel.inbound.withBytes { codec.receive($0, at: core.now.monotonic) }
        handleEvents()
        channel.inbound.consume(taken)
        self.taken &+= taken
        watchHead(codec)
        core.touch(self)
    }

    private static let prefaceBytes = 24

    /// A head has a fixed time from its first byte on, however steadily it trickles.
    private func watchHead(_ codec: any Codec) {
        guard codec.hasUnfinishedHead else {
            headDeadline = nil
            // The preface and a SETTINGS frame are what every HTTP/2 client sends unasked.
            if isHTTP2, !hasServed, !hasGreeted, taken > Self.prefaceBytes {
                hasGreeted = true
                setDeadline(core.snapshot.timeouts.keepAliveIdle)
            }
            return
        }
        guard headDeadline == nil else { return }
        let due = core.now.monotonic.advanced(milliseconds: core.snapshot.timeouts.requestHead)
        headDeadline = due
        core.arm(self, at: due)
    }

    /// The client's FIN. Over HTTP/1.1 nothing else tells that a client is gone.
    private func ended() {
        guard phase == .open else {
            abort()
            return
        }
        let isAwaited = streams.count > 0 || hasUnsaid
        let isLeftOpen = traits.allowsHalfClose && !isSecure && !isHTTP2 && isAwaited
        if isLeftOpen || isTunnel {
            endedByHalf()
            return
        }
        codec?.receivedEndOfFile()
        handleEvents()
        abort()
    }

    /// The end of an answer has not left yet, though its exchange may be over.
    private var hasUnsaid: Bool { codec?.hasOutput == true || channel?.isBlocked == true }

    /// The client sends no more and waits for its answers; the connection ends behind the last one.
    private func endedByHalf() {
        guard let channel, channel.inbound.isEmpty, !isHalfClosed else { return }
        isHalfClosed = true
        codec?.receivedEndOfFile()
        handleEvents()
        core.touch(self)
    }

    private func failHandshake() {
        core.touch(self)
        flush()
        abort()
    }

    // MARK: Events

    private func handleEvents() {
        guard let codec else { return }
        while phase == .open, let event = codec.nextEvent() { handle(event, codec) }
    }

    private func handle(_ event: consuming CodecEvent, _ codec: any Codec) {
        switch event {
        case .head(let stream, let head, let isEnd):
            hasServed = true
            begin(stream, head, codec).receivedRequest(isEnd: isEnd)
        case .body(let stream, let range):
            if let exchange = streams[stream], let channel {
                channel.inbound.withSlice(range) { exchange.receivedRequestBody($0) }
            } else {
                codec.credit(range.count, on: stream)
            }
        case .end(let stream, let trailers):
            // Trailers of a request are not passed on.
            if let trailers { core.heads.giveBack(trailers) }
            streams[stream]?.receivedRequestEnd()
        case .refused(let stream, let fault):
            hasServed = true
            let exchange = streams[stream] ?? begin(stream, core.heads.take(), codec)
            exchange.refuse(fault)
        case .reset(let stream, _, _): streams[stream]?.clientGone(.client)
        case .drained(let stream): streams[stream]?.clientDrained()
        case .closed(let stream):
            hasAnswered = true
            streams[stream]?.closed()
        case .interim(_, let head): core.heads.giveBack(head)
        case .goingAway: break
        case .failed:
            hasFailed = true
            for exchange in streams.all { exchange.clientGone(.client) }
        }
    }

    /// What the client sent behind its handshake, if anything, is the tunnel's.
    func openedTunnel() {
        hasAnswered = true
        core.touch(self)
    }

    private func begin(_ stream: StreamID, _ head: Head, _ codec: any Codec) -> Exchange {
        let exchange = core.exchanges.insert {
            Exchange($0, stream: stream, request: head, session: self, codec: codec, core: core)
        }
        streams.insert(exchange, for: stream)
        return exchange
    }

    /// The exchange is over.
    func forget(_ stream: StreamID) {
        streams.remove(stream)
        if streams.count == 0 { setDeadline(core.snapshot.timeouts.keepAliveIdle) }
    }

    // MARK: Writing and ending

    func flush() {
        isDirty = false
        guard let channel, phase != .closed else { return }
        if channel.flush(codec, &core.work) { lastProgress = core.now.monotonic }
        handleEvents()
        guard phase != .closed else { return }
        if channel.isBroken {
            abort()
            return
        }
        if phase == .open, let codec {
            let hasLeft = isLeaving && !isHTTP2 && streams.count == 0 && !codec.hasOutput
            let isOver = codec.isFinished && !(isTunnel && streams.count > 0)
            if isOver || hasLeft, !channel.isBlocked {
                finish(channel)
            } else {
                // A pipelined request may wait behind the answer that has just left.
                if hasAnswered, !channel.inbound.isEmpty { parse() }
                hasAnswered = false
                if codec.hasSaidAll, !hasSaidAll, !channel.isBlocked {
                    hasSaidAll = true
                    channel.shutDownWriting()
                }
                let isSaid = !codec.hasOutput && !channel.isBlocked
                if phase == .open, channel.hasEnded, isSaid { ended() }
                if channel.canRead, !isPaused(channel) { core.readAgain(self) }
            }
        }
        watchForStalls()
    }

    /// Exchanges have armed the timer for what they wait for; what the kernel does not take is the
    /// connection's own affair.
    private func watchForStalls() {
        guard let channel, phase == .open, channel.isBlocked else { return }
        expect(within: core.snapshot.timeouts.writeStall)
    }

    private func finish(_ channel: Channel) {
        for exchange in streams.all { exchange.clientGone(.client) }
        channel.shutDownWriting()
        // A GOAWAY that names no error has told nothing that must not be lost.
        guard !channel.hasEnded, !isHTTP2 || hasFailed else {
            abort()
            return
        }
        phase = .lingering
        setDeadline(core.snapshot.timeouts.linger)
        linger(channel)
    }

    private func linger(_ channel: Channel) {
        while channel.canRead || channel.hasEnded {
            guard let count = channel.discard(&core.scratch) else {
                abort()
                return
            }
            lingered += count
            if lingered > core.snapshot.limits.lingerBytes {
                abort()
                return
            }
            if count == 0 { break }
        }
    }

    /// Ends the connection now; what runs on it is cancelled.
    func abort(by canceller: AccessLogRecord.Canceller = .client) {
        guard phase != .closed else { return }
        if phase == .handshaking, channel?.isEstablished == false {
            core.metrics?.handshake(.client, .failed)
        }
        phase = .closed
        for exchange in streams.all { exchange.clientGone(canceller) }
        channel = nil
        place = nil
        core.remove(self)
    }

    /// Takes no further request. What is not open yet, or lingers, ends by its own clock.
    /// `isPatient`: who speaks HTTP/1.1 and is silent now cannot know of it, and gets one more.
    func drain(isPatient: Bool) {
        switch phase {
        case .handshaking, .lingering, .closed: break
        case .sniffing: if !isPatient { abort() }
        case .open:
            leave()
            if isPatient { return }
            // The end of the last answer may still wait for the kernel to take it.
            let isIdle = streams.count == 0 && channel?.isBlocked == false
            if isIdle, !isHTTP2 { drainIdle() } else { isLeaving = true }
        }
    }

    /// Announces the end. HTTP/2: the final GOAWAY follows when one round trip has passed.
    private func leave() {
        codec?.shutDown()
        core.touch(self)
        guard isHTTP2 else { return }
        let time = core.now.monotonic.advanced(milliseconds: Self.drainRoundTrip)
        finalGoAway = time
        core.arm(self, at: time)
    }

    private func drainIdle() {
        channel?.shutDownWriting()
        abort()
    }

    /// Long enough for a request that was under way when GOAWAY was sent.
    private static let drainRoundTrip = 200
    private var isLeaving = false
    private var finalGoAway: Instant?

    // MARK: Time

    func expect(within milliseconds: Int) {
        core.arm(self, at: core.now.monotonic.advanced(milliseconds: milliseconds))
    }

    private func setDeadline(_ milliseconds: Int) {
        deadline = core.now.monotonic.advanced(milliseconds: milliseconds)
        core.arm(self, at: deadline)
    }

    var nextDeadline: Instant {
        var next = headDeadline ?? deadline
        if phase == .open, streams.count > 0 {
            next = Instant(nanoseconds: .max)
            for exchange in streams.all { next = min(next, exchange.deadline) }
        }
        if channel?.isBlocked == true {
            let stall = lastProgress.advanced(milliseconds: core.snapshot.timeouts.writeStall)
            next = min(next, stall)
        }
        if let finalGoAway { next = min(next, finalGoAway) }
        if let headDeadline { next = min(next, headDeadline) }
        return next
    }

    func due() {
        let now = core.now.monotonic
        if let time = finalGoAway, time <= now {
            finalGoAway = nil
            codec?.shutDown()
            core.touch(self)
        }
        let stall = lastProgress.advanced(milliseconds: core.snapshot.timeouts.writeStall)
        if channel?.isBlocked == true, stall <= now {
            abort(by: .gateway)
            return
        }
        if let time = headDeadline, time <= now {
            headDeadline = nil
            codec?.headTimedOut()
            handleEvents()
            core.touch(self)
        }
        if phase == .open, streams.count > 0 {
            for exchange in streams.all where exchange.deadline <= now { exchange.timedOut() }
        } else if deadline <= now, headDeadline == nil {
            idleTooLong()
        }
        guard phase != .closed else { return }
        // A client may stop reading at any time: while it is served it is looked at that often.
        if streams.count > 0 { expect(within: core.snapshot.timeouts.writeStall) }
        core.arm(self, at: nextDeadline)
    }

    private func idleTooLong() {
        guard phase == .open, let codec else {
            abort()
            return
        }
        // A slow reader is not idle: the end of its answer is still here, and the stall is watched.
        guard channel?.isBlocked == false else {
            setDeadline(core.snapshot.timeouts.keepAliveIdle)
            return
        }
        codec.shutDown()
        if isHTTP2 { codec.shutDown() }
        flush()
        if phase == .open { drainIdle() }
    }
}
