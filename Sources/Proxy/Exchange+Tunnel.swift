import Errors
import HTTP
import Kernel
import Policies
import Upstream

/// An exchange that becomes a tunnel: from the client's opening handshake to the end of both
/// directions. What flows is not looked at (docs/decisions/0019).
extension Exchange {
    /// Whether the request opens a WebSocket; if not, it is refused here.
    func beginHandshake(_ site: Site, isEnd: Bool) -> Bool {
        if request.isWebSocket { tunnel = Tunnel() }
        let isHTTP2 = session.isHTTP2
        if let error = WebSocketHandshake.fault(of: request, isEnd: isEnd, isHTTP2: isHTTP2) {
            fail(error)
            return false
        }
        isRequestEnded = false
        WebSocketHandshake.takeKeys(
            from: &request.fields, areCredentials: site.acceptsSubprotocolKeys)
        return true
    }

    /// The target alone says which model is meant: a key with a list needs to find it there, once.
    func serveTunnel() {
        let count = request.target.withBytes {
            QueryParameter.read("model", of: $0, into: &model)
        }
        let isReadable = count == 1 || principal?.allowedModels == nil
        if let principal, !isReadable || !model.withBytes({ principal.allows(model: $0) }) {
            fail(.modelNotAllowed)
        } else {
            serve()
        }
    }

    /// Adds the gateway's own handshake to the head for the upstream.
    func appendHandshake(_ tunnel: Tunnel, to head: Head) {
        head.isWebSocket = true
        tunnel.key.removeAll()
        if !isUpstreamHTTP2 {
            WebSocketHandshake.writeKey((core.random.next(), core.random.next()), into: &tunnel.key)
        }
        WebSocketHandshake.appendRequest(request.fields, key: tunnel.key, to: &head.fields)
    }

    /// The upstream's head says that the tunnel stands, or something a client could mistake for it.
    func receivedAcceptance(_ head: Head, _ tunnel: Tunnel) {
        guard head.isWebSocket else {
            fail(.upstreamFailed(.upgradeRefused))
            return
        }
        guard isUpstreamHTTP2 || WebSocketHandshake.isAnswer(head.fields, to: tunnel.key) else {
            fail(.upstreamFailed(.malformedReply))
            return
        }
        let answer = makeClientHead(head)
        defer { core.heads.giveBack(answer) }
        let isProven = WebSocketHandshake.appendAnswer(
            head.fields, to: request.fields, isHTTP2: session.isHTTP2, into: &answer.fields)
        guard isProven else {
            fail(.internalError)
            return
        }
        guard case .relay = machine.receivedHead() else { return }
        status = session.isHTTP2 ? 200 : 101
        answer.status = status
        answer.isWebSocket = true
        answer.contentLength = nil
        codec.respond(answer, on: stream, isEnd: false)
        tunnel.isOpen = true
        session.openedTunnel()
        session.expect(within: min(timeouts.tunnelIdle, timeouts.writeStall))
        sendBody()
    }

    /// Bytes of the client. What comes before the tunnel stands is held back by the stream's
    /// window, and is the upstream's only when it has agreed.
    func receivedTunnelBytes(_ bytes: Span<UInt8>, _ tunnel: Tunnel) {
        bytesIn += bytes.count
        if !isClientBehind { noteProgress() }
        guard !machine.isAnswered, tunnel.isOpen || status == 0 else {
            codec.credit(bytes.count, on: stream)
            return
        }
        if tunnel.isOpen {
            pass(bytes)
        } else {
            uncreditedIn += bytes.count
            collected.append(bytes)
        }
    }

    /// The upstream sends no more; the client may.
    func tunnelEnded(_ tunnel: Tunnel) {
        tunnel.hasUpstreamEnded = true
        codec.sendEnd(on: stream, trailers: nil)
        core.touch(session)
        session.expect(within: timeouts.tunnelHalfClosed)
    }

    /// The upstream's stream is over, both ways: the lease goes back, and the client's last bytes
    /// leave.
    func upstreamClosed() {
        guard tunnel?.isOpen == true, case .giveBack(let lease) = machine.receivedEnd() else {
            return
        }
        creditUpstream(uncreditedOut)
        settle(lease)
        endUpstreamSide()
    }

    /// Whether the exchange goes on without its client: what that said last is still on its way.
    func isClientOutlived() -> Bool {
        guard let tunnel, tunnel.isOpen, !machine.isAnswered else { return false }
        tunnel.hasClientClosed = true
        session.expect(within: timeouts.tunnelHalfClosed)
        return true
    }

    /// An upstream that has said all and then breaks off only does not listen any more. Whether
    /// that is how it was.
    func upstreamStoppedListening() -> Bool {
        guard tunnel?.hasUpstreamEnded == true, let pool else { return false }
        let isMultiplexed = isUpstreamHTTP2
        connection = nil
        if case .giveBack(let lease) = machine.receivedEnd() {
            pool.giveBack(lease, isReusable: isMultiplexed)
        }
        endUpstreamSide()
        return true
    }

    private func endUpstreamSide() {
        dropRequestBody()
        guard tunnel?.hasClientClosed == true else { return }
        closed()
        core.touch(session)
    }

    /// How long an open tunnel may be silent.
    var tunnelPatience: Int {
        if isClientBehind { return timeouts.writeStall }
        let isHalfClosed = isRequestEnded || tunnel?.hasUpstreamEnded == true
        return isHalfClosed ? timeouts.tunnelHalfClosed : timeouts.tunnelIdle
    }
}
