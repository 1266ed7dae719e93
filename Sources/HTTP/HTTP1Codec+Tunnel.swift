import Kernel

/// A connection that has become a tunnel: two directions of bytes, each with its own end.
extension HTTP1Codec {
    public var hasSaidAll: Bool { isTunnel && writing == .complete && pending.isEmpty }

    /// Server: 101. What the client sent behind its request is read from now on, and is the
    /// tunnel's.
    func openTunnel(_ head: Head) {
        pending.appendStatusLine(101)
        pending.append(head.fields, isRequest: false)
        pending.append("upgrade: websocket\r\nconnection: upgrade\r\n\r\n")
        persists = false
        beginTunnel()
    }

    /// Client: whether this 101 answers what was asked, in a form that leaves no doubt where its
    /// head ends.
    func isAcceptance(_ head: Head) -> Bool {
        asksForTunnel && head.isWebSocket && pending.isEmpty
            && head.contentLength == nil && !framing.isChunked
    }

    /// Client: the upstream has accepted.
    func tunnelOpened(_ head: Head) {
        stopReuse()
        events.append(.head(current, head, isEnd: false))
        beginTunnel()
    }

    private func beginTunnel() {
        isTunnel = true
        reading = .tunnel
        writing = .tunnel
    }

    /// The peer's direction is over; ours goes on.
    func tunnelEnded() {
        reading = .complete
        events.append(.end(current, trailers: nil))
        settleTunnel()
    }

    /// Both directions are over when our last byte has left too.
    func settleTunnel() {
        guard isOpen, reading == .complete, writing == .complete, pending.isEmpty else { return }
        isOpen = false
        isFinished = true
        reading = .ignoring
        events.append(.closed(current))
    }
}
