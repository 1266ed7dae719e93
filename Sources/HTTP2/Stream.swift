import HTTP
import Kernel

/// What the codec remembers of one open stream. libnghttp2 knows the protocol state; this is the
/// rest.
///
/// Streams are reused by way of `HTTP2Memory`; `reset` brings every property back to its initial
/// value.
final class Stream {
    var id = StreamID(0)
    /// The next stream in the same slot of the table.
    var next: Stream?

    /// Server: decoded bytes of the request's head.
    var headBytes = 0
    /// Body bytes that wait for the window and for `write`.
    var outgoing = ByteBuffer()
    /// Trailers that follow the last byte of `outgoing`.
    var trailers: Head?
    /// A body was announced, so libnghttp2 asks for bytes.
    var hasBody = false
    /// Server: the final response head was queued. Client: the final response head was received.
    var hasFinalHead = false
    /// Nothing will be appended to `outgoing` any more.
    var isComplete = false
    /// libnghttp2 asked for bytes, there were none, and it waits to be told.
    var isDeferred = false

    /// Our END_STREAM has left.
    var hasSentEnd = false
    /// The peer's message is complete.
    var hasReceivedEnd = false
    /// No event names the stream any more: its last one was emitted, or the driver has reset it.
    var isMute = false
    /// The driver has reset it, or this codec has for having answered: not the peer's fault.
    var isResetByUs = false
    /// RST_STREAM(NO_ERROR) waits to be written behind our END_STREAM.
    var isResetOwed = false
    /// The peer's body is thrown away: the request was refused, or it is answered already.
    var isDiscarding = false
    /// Client: a tunnel was asked for. Server: the stream is one, so that our end is not an answer
    /// to all the peer has to say.
    var isTunnel = false
    var interimResponses = 0
    /// The call of `write` that last emitted `drained` for this stream.
    var drainedSerial = 0

    func reset() {
        id = StreamID(0)
        next = nil
        headBytes = 0
        outgoing.removeAll(keepingCapacity: 4_096)
        trailers = nil
        hasBody = false
        hasFinalHead = false
        isComplete = false
        isDeferred = false
        hasSentEnd = false
        hasReceivedEnd = false
        isMute = false
        isResetByUs = false
        isResetOwed = false
        isDiscarding = false
        isTunnel = false
        interimResponses = 0
        drainedSerial = 0
    }
}
