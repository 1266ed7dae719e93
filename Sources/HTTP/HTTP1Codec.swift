import Kernel

/// One HTTP/1.1 connection in either role (RFC 9112), strict in what it accepts and normal in what
/// it says.
///
///     server   head ──▶ length | chunked ▶ trailers ──▶ complete ──response left──▶ head …
///     client   (open) head ──▶ length | chunked ▶ trailers | untilClose ──▶ complete (open) …
///     both     a head with 101 ──▶ tunnel ──end of file──▶ complete
///     both     a fault, an end of file, the last message ──▶ ignoring
///
/// At most one exchange is open at a time: a server does not look behind a request until its
/// response has left, a client does not pipeline. Two rules keep both ends in step whatever the
/// peer does. Behind a message whose end is in doubt the connection is never used again. And no
/// text is copied from one message to another: what is written is made from parsed parts, with a
/// framing of its own.
///
/// The one upgrade there is, WebSocket's, is one more state of `reading` and `writing` that passes
/// bytes through; where nobody accepts it, Upgrade is dropped like every other field of the hop.
public final class HTTP1Codec: Codec {
    /// Where the next received byte belongs.
    enum Reading: Equatable {
        case head
        /// Inside a body with so many bytes to come.
        case length(Int)
        case chunked
        case trailers
        case untilClose
        /// Every byte to the end of file belongs to the tunnel.
        case tunnel
        /// The peer's message has ended (client: or none is expected).
        case complete
        /// Nothing that arrives matters any more.
        case ignoring
    }

    /// How our message ends.
    enum Writing: Equatable {
        case waiting
        /// So many body bytes are missing.
        case length(Int)
        case chunked
        case untilClose
        /// HEAD, 204 and 304: body bytes are not sent.
        case bodiless
        case tunnel
        case complete
    }

    let role: Role
    let limits: CodecLimits
    let heads: HeadPool
    let isSecure: Bool

    var events = EventQueue()
    var pending = ByteBuffer()
    /// How many bytes of `pending` are body, at most.
    var pendingBody = 0
    public internal(set) var uncreditedBytes = 0
    public private(set) var hasUnfinishedHead = false
    public internal(set) var isFinished = false

    var reading: Reading
    var writing = Writing.waiting
    var scanner = LineScanner()
    var framing = MessageFraming()
    var chunks: ChunkedDecoder
    /// The head or the trailers that are being read.
    var partial: Head?
    var fieldCount = 0

    var current = StreamID(0)
    var isOpen = false
    var nextStream: Int32 = 1
    /// The connection goes on behind this exchange, as far as is known.
    var persists = true
    var isShuttingDown = false
    var hasEnded = false

    /// Server: one CRLF in front of a request line was skipped.
    var hasSkippedLineBreak = false
    /// Server: the request came as HTTP/1.0. Client: not used.
    var isPeerHTTP10 = false
    /// The message under way answers HEAD and so has no body, whatever its fields say.
    var isHeadRequest = false
    /// Server: the client waits for 100 (Continue) and has not got it.
    var awaitsContinue = false
    /// The response has ended; the rest of the request is read and dropped.
    var isDiscarding = false
    /// Client: bytes of the request have left.
    var hasSent = false
    var interimCount = 0
    /// Client: the method of the request was CONNECT.
    var isConnect = false
    /// The request of this exchange asked for a tunnel.
    var asksForTunnel = false
    public internal(set) var isTunnel = false

    /// A codec for a new connection. `isSecure` is what heads of received requests will say.
    public init(role: Role, limits: CodecLimits, heads: HeadPool, isSecure: Bool) {
        self.role = role
        self.limits = limits
        self.heads = heads
        self.isSecure = isSecure
        reading = role == .server ? .head : .complete
        chunks = ChunkedDecoder(extensionLimit: limits.chunkExtensionBytes)
    }

    public var openStreams: Int { isOpen ? 1 : 0 }

    public var availableStreams: Int {
        role == .client && !isOpen && !isFinished && !isShuttingDown ? 1 : 0
    }

    public func nextEvent() -> CodecEvent? { events.next() }

    public func credit(_ count: Int, on stream: StreamID) {
        uncreditedBytes = max(0, uncreditedBytes - count)
    }

    // MARK: Receiving

    public func receive(_ bytes: Span<UInt8>, at now: Instant) -> Int {
        let taken = take(bytes)
        hasUnfinishedHead = reading == .head && taken < bytes.count
        return taken
    }

    public func headTimedOut() {
        guard role == .server, hasUnfinishedHead, !isFinished else { return }
        hasUnfinishedHead = false
        dropPartial()
        refuse(.timedOut)
    }

    private func take(_ bytes: Span<UInt8>) -> Int {
        var taken = 0
        while taken < bytes.count {
            switch reading {
            case .head:
                guard readHead(bytes, &taken) else { return taken }
            case .length(let missing):
                readLength(missing, bytes, &taken)
            case .chunked:
                readChunks(bytes, &taken)
            case .trailers:
                guard readTrailers(bytes, &taken) else { return taken }
            case .untilClose, .tunnel:
                emitBody(taken..<bytes.count)
                taken = bytes.count
            case .complete:
                guard role == .client else { return taken }
                fail("bytes behind the response")
            case .ignoring:
                taken = bytes.count
            }
        }
        return taken
    }

    /// Whether the head was completed, so that reading goes on behind it.
    private func readHead(_ bytes: Span<UInt8>, _ taken: inout Int) -> Bool {
        do throws(MessageFault) {
            if role == .client {
                return try readResponseHead(bytes, &taken)
            }
            return try readRequestHead(bytes, &taken)
        } catch {
            broken(error)
            return true
        }
    }

    private func readLength(_ missing: Int, _ bytes: Span<UInt8>, _ taken: inout Int) {
        let count = min(missing, bytes.count - taken)
        emitBody(taken..<taken + count)
        taken += count
        reading = .length(missing - count)
        if count == missing { messageEnded(trailers: nil) }
    }

    private func readChunks(_ bytes: Span<UInt8>, _ taken: inout Int) {
        do throws(MessageFault) {
            while true {
                switch try chunks.next(in: bytes, from: &taken) {
                case .data(let range): emitBody(range)
                case .lastChunk:
                    reading = .trailers
                    return
                case .nothing: return
                }
            }
        } catch {
            broken(error)
        }
    }

    private func readTrailers(_ bytes: Span<UInt8>, _ taken: inout Int) -> Bool {
        let trailers = partial ?? heads.take()
        partial = trailers
        do throws(MessageFault) {
            let section = bytes.extracting(taken..<bytes.count)
            guard
                try readFields(
                    section, into: trailers, bound: limits.trailerBytes, isTrailer: true)
            else { return false }
        } catch {
            broken(error)
            return true
        }
        taken += scanner.position
        scanner.reset()
        fieldCount = 0
        if trailers.fields.count == 0 { dropPartial() }
        messageEnded(trailers: partial.take())
        return true
    }

    /// Reads field lines up to the empty line. Whether it was reached.
    func readFields(
        _ section: Span<UInt8>, into head: Head, bound: Int, isTrailer: Bool
    ) throws(MessageFault) -> Bool {
        while let line = try scanner.nextLine(in: section, bound: bound, excess: .fieldsTooLarge) {
            if line.isEmpty { return true }
            fieldCount += 1
            guard fieldCount <= limits.fieldCount else { throw .fieldsTooLarge }
            try framing.take(
                section.extracting(line), into: head, role: role, isTrailer: isTrailer)
        }
        return false
    }

    private func emitBody(_ range: Range<Int>) {
        guard !isDiscarding, !range.isEmpty else { return }
        awaitsContinue = false
        uncreditedBytes += range.count
        events.append(.body(current, range))
    }

    /// Sets `reading` for the body that the complete head announces; true when there is none.
    func beginBody(of head: Head) -> Bool {
        if framing.isChunked {
            chunks.reset()
            reading = .chunked
            return false
        }
        if let length = head.contentLength, length > 0 {
            reading = .length(length)
            return false
        }
        reading = .complete
        return true
    }

    /// The peer's message is complete.
    private func messageEnded(trailers: Head?) {
        reading = .complete
        if isDiscarding {
            if let trailers { heads.giveBack(trailers) }
            settle()
            return
        }
        if role == .client { announceLast() }
        events.append(.end(current, trailers: trailers))
        if role == .client { responseEnded() }
    }

    /// Ends the reading of a message at fault, in the way of the role.
    private func broken(_ fault: MessageFault) {
        dropPartial()
        if role == .client || writing != .waiting {
            fail(fault.text)
        } else {
            refuse(fault)
        }
    }

    func dropPartial() {
        if let head = partial.take() { heads.giveBack(head) }
    }

    /// Nothing can be sent or received any more: says so and forgets what was queued.
    func fail(_ reason: StaticString) {
        guard !isFinished else { return }
        abandon()
        events.append(.failed(reason))
    }

    /// Ends the connection without a word.
    func abandon() {
        dropPartial()
        pending.removeAll()
        pendingBody = 0
        isOpen = false
        isFinished = true
        hasUnfinishedHead = false
        persists = false
        reading = .ignoring
        writing = .complete
    }

    public func receivedEndOfFile() {
        guard !hasEnded, !isFinished else { return }
        hasEnded = true
        persists = false
        if role == .server {
            requestsEnded()
        } else {
            responsesEnded()
        }
    }

    public func reset(_ stream: StreamID, _ reason: ResetReason) {
        guard isOpen, stream == current else { return }
        abandon()
    }

    public func shutDown() {
        isShuttingDown = true
        if role == .client, !isOpen { isFinished = true }
    }

    /// Opens the next stream; its successor's number may not exist any more.
    func beginStream() {
        current = StreamID(nextStream)
        isOpen = true
        let (next, overflow) = nextStream.addingReportingOverflow(2)
        nextStream = next
        if overflow { persists = false }
    }
}

extension MessageFault {
    /// The fault in words for the log.
    var text: StaticString {
        switch self {
        case .malformed(let rule): rule
        case .targetTooLong: "start line too long"
        case .timedOut: "head not finished in time"
        case .fieldsTooLarge: "head or trailers too large"
        case .unsupportedVersion: "unsupported HTTP version"
        case .expectationFailed: "unknown expectation"
        }
    }
}
