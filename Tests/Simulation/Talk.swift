import HTTP

/// One stream of one peer, from the peer's side.
final class Talk {
    let stream: StreamID
    let request: Request
    /// An upstream's side of it.
    let attempt: Attempt?
    var outgoing: [UInt8] = []
    var sent = 0
    /// So many bytes of `outgoing` may be sent for now.
    var allowed = Int.max
    /// The message under way has no end yet.
    var isSending = false
    /// Received and not yet credited, while the peer is lazy.
    var owed = 0
    var isOver = false
    var hasReceivedEnd = false

    init(_ stream: StreamID, _ request: Request, _ attempt: Attempt? = nil) {
        self.stream = stream
        self.request = request
        self.attempt = attempt
    }
}
