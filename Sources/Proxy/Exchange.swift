import Errors
import HTTP
import JSON
import Kernel
import Policies
import Telemetry
import Upstream

/// One request and its response: what is known of it, and how far it has come.
///
/// What it does next is the machine's decision; the extensions perform it, in the order of a
/// request's life: request, upstream, response, reply, and `finish`, the one end of every exchange.
final class Exchange {
    let token: Token
    /// The client's stream.
    let stream: StreamID
    let request: Head
    let session: Session
    /// The session's.
    let codec: any Codec
    let core: Core
    var machine = ExchangeStateMachine()

    // Who and what.
    var site: Site?
    var route: Route?
    var principal: Principal?
    /// The project that the host name stands for.
    var addressed: Project?
    var reading: WindowReading?
    /// nil: the caller's tokens are not limited.
    var spending: Spending?
    var requestID: RequestID
    var trace: TraceContext
    var model = ByteBuffer()
    /// Who serves that model; nil: the site's upstream, under the same name.
    var choice: ModelChoice?

    // The request's body.
    var isRequestEnded = false
    /// The body is collected before it is forwarded.
    var isCollecting = false
    var bytesIn = 0
    /// Collected, or received while no stream was there to send it on.
    var collected = ByteBuffer()
    var collectedSent = 0
    /// Reserved from the budget of collected bodies.
    var reserved = 0
    /// Received from the client and not yet credited to it.
    var uncreditedIn = 0

    // The upstream.
    /// Of the upstreams of the snapshot in force when it began.
    let pools: [UpstreamPool]
    var pool: UpstreamPool?
    var isQueued = false
    /// Its place in the pool's queue.
    var ticket: WaitingTicket?
    var connection: UpstreamConnection?
    var upstreamStream = StreamID(0)
    var upstreamLabel: String?
    var isUpstreamHTTP2 = false
    /// What the connection had sent before this request.
    var sentMark: UInt64 = 0
    var isReused = false
    var isRetry = false
    var isRequestSent = false

    // The response.
    var status = 0
    var error: GatewayError?
    var cancelledBy: AccessLogRecord.Canceller?
    var bytesOut = 0
    var uncreditedOut = 0
    var hasDeclaredLength = false
    var eventStream: EventStreamTail?
    /// Reads what the upstream says of tokens; nil where it would say nothing.
    var usage: UsageScanner?
    /// The answer of a route that is answered through another one, until it is complete.
    var heldAnswer: HeldAnswer?
    /// A WebSocket is asked for, or open.
    var tunnel: Tunnel?

    // Time.
    let started: Moment
    var lastProgress: Instant
    /// How long the client was waited for: for the request's body, and to take the answer.
    var upload = Pace()
    var download = Pace()
    /// When the request was ready to be sent on.
    var servedAt: Instant?
    var leasedAt: Instant?
    var firstByteAt: Instant?
    /// When the upstream's last byte was here.
    var answeredAt: Instant?
    var isFinished = false

    init(
        _ token: Token, stream: StreamID, request: Head, session: Session, codec: any Codec,
        core: Core
    ) {
        self.token = token
        self.stream = stream
        self.request = request
        self.session = session
        self.codec = codec
        self.core = core
        pools = core.pools
        started = core.now
        lastProgress = core.now.monotonic
        requestID = RequestID(request.fields, random: (core.random.next(), core.random.next()))
        trace = TraceContext(
            request.fields,
            random: (core.random.next(), core.random.next(), core.random.next()))
    }

    var timeouts: Timeouts { core.snapshot.timeouts }
    var dialect: Dialect { site?.dialect ?? core.snapshot.sites.commonDialect }

    func noteProgress() { lastProgress = core.now.monotonic }

    /// The same, of the client's side, which may have to keep a pace.
    func noteUpload() {
        if isClientAwaited { upload.waited(from: lastProgress, to: core.now.monotonic) }
        noteProgress()
    }

    func noteDownload() {
        download.waited(from: lastProgress, to: core.now.monotonic)
        noteProgress()
    }

    /// What the exchange waits for now decides how long it may.
    var deadline: Instant {
        isReadingAwaited ? readingDeadline : lastProgress.advanced(milliseconds: patience)
    }

    /// The answer, as far as it is here, has to be taken by the client.
    private var isReadingAwaited: Bool {
        if machine.isAnswered { return true }
        return status != 0 && heldAnswer == nil && tunnel?.isOpen != true && isClientBehind
    }

    /// What the connection takes of the answers before this one is progress too, but not at this
    /// one's pace.
    private var readingDeadline: Instant {
        let last = max(lastProgress, session.lastSent ?? lastProgress)
        let stall = last.advanced(milliseconds: timeouts.writeStall)
        guard let rate = core.snapshot.limits.downloadBytesPerSecond else { return stall }
        let left = download.patience(
            grace: timeouts.writeStall, bytes: bytesOut - codec.pendingBytes(of: stream),
            perSecond: rate)
        return min(stall, lastProgress.advanced(milliseconds: left))
    }

    private var patience: Int {
        if heldAnswer != nil { return timeouts.upstream.idle }
        if tunnel?.isOpen == true { return tunnelPatience }
        if status != 0 { return timeouts.upstream.idle }
        if isClientAwaited { return uploadPatience }
        if connection == nil {
            return timeouts.upstream.connect + timeouts.upstream.tls
        }
        return timeouts.upstream.firstByte
    }

    private var uploadPatience: Int {
        let idle = timeouts.requestBodyIdle
        guard let rate = core.snapshot.limits.uploadBytesPerSecond else { return idle }
        return min(idle, upload.patience(grace: idle, bytes: bytesIn, perSecond: rate))
    }

    /// The next byte has to come from the client.
    private var isClientAwaited: Bool {
        guard !isRequestEnded, !isRequestSent, tunnel == nil else { return false }
        return isCollecting || connection != nil && collected.isEmpty && uncreditedIn == 0
    }

    /// Something of the response waits in the client's codec.
    var isClientBehind: Bool { bytesOut > 0 && codec.pendingBytes(of: stream) > 0 }

    func timedOut() {
        if machine.isAnswered || tunnel?.isOpen == true || status != 0 && isClientBehind {
            codec.reset(stream, .cancel)
            core.touch(session)
            clientGone(.gateway)
        } else if status != 0 {
            fail(.upstreamFailed(.timedOut(.idle)))
        } else if isClientAwaited {
            fail(.requestTimeout)
        } else if connection == nil {
            failUnreached(.overloaded(retryAfterSeconds: 1))
        } else {
            if let connection { pool?.failed(connection.endpoint) }
            fail(.upstreamFailed(.timedOut(heldAnswer == nil ? .firstByte : .idle)))
        }
    }

    /// The end of every exchange, and its only one: counts, logs, and gives back what was held.
    func finish() {
        guard !isFinished else { return }
        isFinished = true
        settleTokens()
        dropRequestBody()
        dropHeldAnswer()
        if isRetry { pool?.endRetry() }
        connection?.forget(upstreamStream)
        connection = nil
        writeLog()
        count()
        session.forget(stream)
        core.exchanges.remove(token)
        core.heads.giveBack(request)
    }
}
