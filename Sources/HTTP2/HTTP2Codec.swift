import CNghttp2
import HTTP
import Kernel

/// HTTP/2 (RFC 9113) on one connection, in either role: bytes in, events out, calls in, bytes out.
///
/// libnghttp2 holds the protocol's state: frames, HPACK, windows, settings. Around it this class
/// checks what libnghttp2 leaves open (`HeaderBlock`), bounds what a peer may cost
/// (`FrameBudgets`), queues body bytes per stream, and words everything as the events of `Codec`.
///
///     receive ─▶ libnghttp2 ─▶ callbacks ─▶ events ─▶ nextEvent
///     respond, send, … ─▶ libnghttp2's queue, `Stream.outgoing` ─▶ write
///
/// Callbacks only append to `events` and change the state kept here; nobody outside is called, so
/// nobody is re-entered. A stream that is broken off because of the peer's fault is reported at
/// once where this class finds the fault, and when RST_STREAM is written where libnghttp2 does; a
/// connection error that libnghttp2 finds is reported when its GOAWAY is written.
public final class HTTP2Codec: Codec {
    public let role: Role
    public let limits: CodecLimits
    let budgets: FrameBudgets
    let heads: HeadPool
    let memory: HTTP2Memory
    let isSecure: Bool
    let session: Session

    var streams = StreamTable()
    var events = EventQueue()
    var block = HeaderBlock()
    var fieldBlock = FieldBlock()

    /// The caller's buffer during `write`, empty otherwise.
    var output = ByteBuffer()
    var outputLimit = 0
    var writeSerial = 0
    /// Streams for which RST_STREAM(NO_ERROR) is to be written before `write` returns.
    var owedResets = 0
    /// The address of the first byte passed to `receive`, during that call.
    var inputAddress: UInt = 0
    var now = Instant(nanoseconds: 0)

    var resets: TokenBucket
    var uselessFrames: TokenBucket
    private var frames: FrameWalker
    /// Frames that libnghttp2 has reported during the call of `receive`.
    var reportedFrames = 0
    private static let prefaceBytes = 24
    /// Decoded bytes of the request heads of all open streams.
    package internal(set) var heldHeadBytes = 0
    /// The DATA frame that is being received has not proved useful yet.
    var isDataFrameUnproved = false

    /// Set by callbacks; `settleFailure` acts on it when libnghttp2 has returned.
    var pendingFailure: ConnectionFailure?
    private(set) var hasFailed = false
    /// libnghttp2 cannot even write a GOAWAY any more.
    private var isBroken = false
    private var hasSeenEndOfFile = false
    var isGoingAway = false
    /// The peer's first SETTINGS has come: what it offers is known.
    public internal(set) var hasPeerSettings = false
    private var shutDownCalls = 0

    /// `isSecure`: whether the connection runs over TLS; a server's heads say so whatever `:scheme`
    /// says. `memory`: what the codecs of one worker share; without it the codec has its own.
    /// nil: there is no memory for a session of libnghttp2.
    public init?(
        role: Role, limits: CodecLimits, heads: HeadPool, isSecure: Bool,
        memory: HTTP2Memory? = nil
    ) {
        let memory = memory ?? HTTP2Memory(bound: 262_144)
        guard let made = Session(role: role, memory: memory) else { return nil }
        self.role = role
        self.limits = limits
        budgets = limits.frames
        frames = FrameWalker(preface: role == .server ? Self.prefaceBytes : 0)
        self.heads = heads
        self.memory = memory
        self.isSecure = isSecure
        resets = TokenBucket(burst: budgets.resetBurst, perSecond: budgets.resetsPerSecond)
        uselessFrames = TokenBucket(
            burst: budgets.uselessFrameBurst, perSecond: budgets.uselessFramesPerSecond)
        session = made
        session.attach(self)
        session.submitPreface(role: role, limits: limits)
    }

    deinit {
        let memory = memory
        streams.removeAll { memory.giveBack($0) }
    }

    public func receive(_ bytes: Span<UInt8>, at now: Instant) -> Int {
        self.now = now
        guard !hasFailed, !hasSeenEndOfFile, !bytes.isEmpty else { return bytes.count }
        let status = unsafe bytes.withUnsafeBufferPointer { buffer in
            inputAddress = UInt(bitPattern: buffer.baseAddress)
            return unsafe session.receive(buffer)
        }
        chargePassedBy(frames.count(bytes) - reportedFrames)
        reportedFrames = 0
        if status < 0 {
            fail(ConnectionFailure(receiveError: Int32(clamping: status)))
        } else if session.queuedFrames > budgets.queuedFrames + 2 * streams.count {
            fail(.calm("too many control frames wait for a peer that does not read"))
        }
        settleFailure()
        return bytes.count
    }

    public func receivedEndOfFile() {
        hasSeenEndOfFile = true
        if !hasFailed, streams.count > 0 {
            events.append(.failed("the peer closed the connection"))
        }
        hasFailed = true
    }

    public func headTimedOut() {
        guard role == .server, hasUnfinishedHead else { return }
        fail(.calm("a header block was not finished in time"))
        settleFailure()
    }

    public func nextEvent() -> CodecEvent? { events.next() }

    public func credit(_ count: Int, on stream: StreamID) {
        guard count > 0, !hasFailed else { return }
        if let found = streams.find(stream.rawValue), !found.hasReceivedEnd, !found.isMute {
            session.consume(count, on: stream.rawValue)
        } else {
            session.consumeConnection(count)
        }
    }

    public var uncreditedBytes: Int { 0 }

    /// Bytes taken from the window of the connection: not credited, or credited and not told yet,
    /// which is done for half a window at once.
    package var unreturnedBytes: Int { hasFailed ? 0 : session.unreturnedBytes }

    /// Frames that wait to be written.
    package var queuedFrames: Int { session.queuedFrames }

    public func shutDown() {
        shutDownCalls += 1
        guard !hasFailed else { return }
        switch (role, shutDownCalls) {
        case (.server, 1): session.announceShutdown()
        case (.server, 2), (.client, 1): session.shutDown()
        default: break
        }
    }

    public var hasOutput: Bool {
        !isBroken && !hasSeenEndOfFile && session.wantsWrite
    }

    public var isFinished: Bool {
        hasSeenEndOfFile || isBroken || (!session.wantsWrite && !session.wantsRead)
    }

    /// Streams of which neither `closed` nor a written RST_STREAM has disposed.
    public var openStreams: Int { streams.count }

    public var availableStreams: Int {
        guard role == .client, !hasFailed, !isGoingAway, shutDownCalls == 0,
            session.allowsRequest
        else { return 0 }
        return max(0, session.peerStreamLimit - streams.count)
    }

    /// Client: whether the peer takes a WebSocket.
    public var allowsWebSocket: Bool { session.allowsExtendedConnect }

    public var isTunnel: Bool { false }
    public var hasSaidAll: Bool { false }

    /// Whether a block of header fields has begun and not ended; the driver's clock for slow heads
    /// runs.
    public var hasUnfinishedHead: Bool { block.isOpen }

    /// Charges frames that libnghttp2 passed by in silence.
    private func chargePassedBy(_ count: Int) {
        var left = count
        while left > 0, !hasFailed, pendingFailure == nil {
            left -= 1
            chargeUselessFrame()
        }
    }

    func chargeUselessFrame() {
        if !uselessFrames.take(at: now) { fail(.calm("too many frames that carry nothing")) }
    }

    /// Notes the first reason for which the connection cannot go on.
    func fail(_ failure: ConnectionFailure) {
        if pendingFailure == nil { pendingFailure = failure }
    }

    /// Server: the final GOAWAY was queued; no stream behind the one it names is served.
    var hasNamedLastStream: Bool { role == .server && shutDownCalls >= 2 }

    /// Whether events of streams may still be emitted.
    var isAlive: Bool { !hasFailed && pendingFailure == nil }

    /// Ends the connection if a callback or libnghttp2 found a reason. Returns whether it did just
    /// now.
    @discardableResult
    func settleFailure() -> Bool {
        guard let failure = pendingFailure, !hasFailed else { return false }
        hasFailed = true
        switch failure.remedy {
        case .terminate(let code): session.terminate(code)
        case .alreadyTerminated: break
        case .none: isBroken = true
        }
        giveBack(block.abandon())
        events.append(.failed(failure.text))
        return true
    }

    func giveBack(_ head: Head?) {
        if let head { heads.giveBack(head) }
    }
}
