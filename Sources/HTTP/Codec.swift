import Kernel

/// Names one stream of one connection. HTTP/2: the stream identifier. HTTP/1.1: 1, 3, 5, … in
/// order.
public struct StreamID: Hashable, Sendable {
    public let rawValue: Int32
    public init(_ rawValue: Int32) { self.rawValue = rawValue }
}

/// Which end of a connection a codec speaks for.
public enum Role: Sendable { case server, client }

/// Why a stream is broken off (the HTTP/2 codes a gateway uses, RFC 9113 section 7).
public enum ResetReason: Equatable, Sendable {
    /// The server has answered and does not need the rest of the request.
    case noError
    case protocolError
    case internalError
    /// The request was not processed at all; it may be sent again.
    case refusedStream
    /// The receiver has no interest in the stream any more.
    case cancel
    case enhanceYourCalm
    /// Any other code of the peer.
    case other(UInt32)
}

/// What is wrong with a message head or its framing, as far as it decides the answer.
public enum MessageFault: Error, Sendable {
    /// RFC 9112 or RFC 9113 is violated; the text names the rule for the log, never for the client.
    case malformed(StaticString)
    /// The request line or `:path` exceeds its limit → 414.
    case targetTooLong
    /// The head, its field count or the trailers exceed their limit → 431.
    case fieldsTooLarge
    /// HTTP major version other than 1, or HTTP/0.9 → 505 (answered as 400 where a dialect has
    /// none).
    case unsupportedVersion
    /// An Expect other than `100-continue` → 417.
    case expectationFailed
    /// The head was begun and not finished in time → 408.
    case timedOut
}

/// What a codec found in the bytes, or what became of what it was told to send. Both codecs, in
/// both roles, emit these and nothing else, so one relay serves every pair of protocols.
///
/// For one stream the order is: head, body…, end; then, when our side has ended too, closed.
/// `reset` and `refused` may take the place of any of them. After `closed` or `reset` the stream is
/// never named again.
public enum CodecEvent {
    /// Server: a complete request head. Client: the final response head (status ≥ 200, or the 101
    /// that opens a tunnel). `isEnd`: no body follows; no separate `end` is emitted, unless the
    /// stream becomes a tunnel.
    case head(StreamID, Head, isEnd: Bool)
    /// Client: an interim response (1xx other than 101). The receiver gives the head back to the
    /// pool.
    case interim(StreamID, Head)
    /// A piece of the body: a range of the bytes that were passed to `receive`.
    case body(StreamID, Range<Int>)
    /// The message is complete. The trailers, when there were any, go back to the pool after use.
    case end(StreamID, trailers: Head?)
    /// The peer, or the codec because of the peer's fault, broke the stream off.
    /// `isUnprocessed`: the peer guarantees it did nothing with the request (REFUSED_STREAM, or
    /// above the last id of its GOAWAY).
    case reset(StreamID, ResetReason, isUnprocessed: Bool)
    /// Server: the request is at fault in a way that is to be answered. No head was or will be
    /// emitted (or the body broke off after it). HTTP/1.1: the connection closes behind the answer.
    case refused(StreamID, MessageFault)
    /// Bytes of this stream have left the codec: `pendingBytes` is lower than before.
    case drained(StreamID)
    /// Our END_STREAM (or last chunk) has left the codec and the peer's message is complete too.
    case closed(StreamID)
    /// Client: the peer takes no further streams on this connection (GOAWAY, `Connection: close`).
    case goingAway
    /// The connection cannot go on. Streams that were open get no further event of their own.
    /// HTTP/2: what `write` produces afterwards is the GOAWAY that says so.
    case failed(StaticString)
}

/// Bounds a codec enforces on what a peer sends.
public struct CodecLimits: Sendable {
    /// Bytes of a head: names, values, control data and, on HTTP/2, 32 per field.
    public var headBytes = 65_536
    public var fieldCount = 100
    /// Bytes of the request line, or of `:path`.
    public var targetBytes = 16_384
    public var trailerBytes = 65_536
    public var chunkExtensionBytes = 256
    /// HTTP/2: streams a peer may have open.
    public var concurrentStreams = 100
    /// HTTP/2 server: decoded bytes of the heads of all open streams. HPACK lets a few bytes on the
    /// wire become a head of the size that is allowed.
    public var connectionHeadBytes = 1_048_576
    /// HTTP/2: what a peer may cost beside its requests.
    public var frames = FrameBudgets()
    /// HTTP/2 server: WebSocket by extended CONNECT is offered (RFC 8441).
    public var offersWebSocket = false
    /// HTTP/2: receive window of a stream, and of the connection.
    public var streamWindowBytes = 65_536
    public var connectionWindowBytes = 1_048_576
    /// Client: interim responses before one final response.
    public var interimResponses = 16
    /// Server, HTTP/1.1: unread request body that is read and thrown away to keep a connection
    /// whose request was answered early; a longer rest closes the connection.
    public var discardedBodyBytes = 65_536
    public init() {}
}

/// Translates between the bytes of one connection and events. It holds no socket and reads no
/// clock.
///
/// Receiving: the driver passes all bytes it holds; the codec appends events and says how many
/// bytes are done with. Bytes it did not take are passed again, with more behind them, at the next
/// call. Sending: calls queue; `write` turns the queue into bytes.
///
/// A tunnel is opened by heads whose `isWebSocket` is set: the client's asks, `open` asks for it,
/// the upstream's or `respond` accepts. From there the stream's body is what is tunnelled, without
/// a length; each side's `end` ends its own direction, and `closed` comes behind both.
public protocol Codec: AnyObject {
    /// Parses `bytes`. Returns how many of them may be forgotten once the events are handled; the
    /// ranges of `.body` events count from the start of `bytes`. HTTP/1.1 server: stops behind a
    /// complete request until its response has left (pipelining), so the rest is not taken yet.
    func receive(_ bytes: Span<UInt8>, at now: Instant) -> Int
    /// The peer will send no more bytes.
    func receivedEndOfFile()
    /// A head was begun and is not complete: the driver limits how long that may last.
    var hasUnfinishedHead: Bool { get }
    /// Server: that time is over. HTTP/1.1 emits `refused` with `timedOut`, so that the client is
    /// answered; HTTP/2 has nobody to answer and emits `failed`.
    func headTimedOut()
    /// The next event, in order.
    func nextEvent() -> CodecEvent?

    /// Client: opens a stream for `head`; nil when the peer's limits allow none now. The head is
    /// only read. The framing follows from the head: `contentLength` if it is there, else, unless
    /// `isEnd`, chunked.
    func open(_ head: Head, isEnd: Bool) -> StreamID?
    /// Server: sends the final response head. `isEnd`: no body follows (HEAD, 204, 304, empty).
    func respond(_ head: Head, on stream: StreamID, isEnd: Bool)
    /// Server: sends an interim response without fields (100).
    func sendInterim(_ status: Int, on stream: StreamID)
    func send(_ bytes: Span<UInt8>, on stream: StreamID)
    func sendEnd(on stream: StreamID, trailers: Head?)
    /// Breaks the stream off now; queued bytes of it are dropped. HTTP/1.1: ends the connection.
    /// No further event names the stream.
    func reset(_ stream: StreamID, _ reason: ResetReason)
    /// Body bytes queued for this stream and not yet written.
    func pendingBytes(of stream: StreamID) -> Int

    /// Says that `count` received body bytes of this stream have gone on their way, so the peer may
    /// send as many more. Every byte of a `.body` event is credited exactly once, after its
    /// stream's end too.
    func credit(_ count: Int, on stream: StreamID)
    /// HTTP/1.1: received body bytes that were not credited yet; the driver stops reading above its
    /// bound. HTTP/2: 0, the windows bound it.
    var uncreditedBytes: Int { get }

    /// Appends bytes for the wire to `output`, until it holds `limit` or there is nothing to send.
    /// Returns whether there is more.
    func write(into output: inout ByteBuffer, limit: Int) -> Bool
    var hasOutput: Bool { get }

    /// Announces that no new stream will be served (server) or opened (client); open ones go on.
    /// HTTP/2 server: the first call sends GOAWAY 2³¹−1, the second the final one. HTTP/1.1: the
    /// response under way, or else the next one, says `Connection: close`.
    func shutDown()
    /// Nothing will come of this connection any more: close it when its output is written.
    var isFinished: Bool { get }
    /// HTTP/1.1: the whole connection is a tunnel, and the end of the peer's bytes is not the end
    /// of ours.
    var isTunnel: Bool { get }
    /// HTTP/1.1: our direction of the tunnel is over and has left; FIN says so.
    var hasSaidAll: Bool { get }
    var openStreams: Int { get }
    /// Client: streams that could be opened now.
    var availableStreams: Int { get }
}
