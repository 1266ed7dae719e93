import Errors
import HTTP
import JSON
import Kernel
import Policies
import Telemetry
import Upstream

/// From the upstream's head to the last byte for the client, and what happens when it breaks
/// between.
extension Exchange {
    func receivedHead(_ head: Head, isEnd: Bool) {
        defer { core.heads.giveBack(head) }
        noteProgress()
        firstByteAt = core.now.monotonic
        if head.status >= 400, isRefusedOnly(by: head, isEnd: isEnd) { return }
        if head.status >= 500 {
            failServerError(head, isEnd: isEnd)
            return
        }
        if let tunnel, head.status < 300 {
            receivedAcceptance(head, tunnel)
            return
        }
        if mustHold(head) {
            hold(head, isEnd: isEnd)
            return
        }
        guard case .relay = machine.receivedHead() else { return }
        if isRequestSent { dropRequestBody() }
        status = head.status
        let isBodyless = isEnd || request.method == .head
        readType(of: head.fields)
        prepareFilter(for: head)
        hasDeclaredLength = head.contentLength != nil
        let answer = makeClientHead(head)
        codec.respond(answer, on: stream, isEnd: isBodyless)
        core.heads.giveBack(answer)
        core.touch(session)
        session.expect(within: min(timeouts.upstream.idle, timeouts.writeStall))
        if isEnd { endResponse(nil, isSent: isBodyless) }
    }

    private func readType(of fields: borrowing Fields) {
        guard let type = fields.first(.contentType) else { return }
        if Self.names(type, "text/event-stream") {
            eventStream = EventStreamTail()
            usage = UsageScanner()
        } else if Self.names(type, "application/json") {
            usage = UsageScanner()
        }
    }

    /// Whether a media type, apart from its parameters, is `name`.
    private static func names(_ type: Span<UInt8>, _ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        guard type.count >= count, type.extracting(0..<count).equalsIgnoringCase(name) else {
            return false
        }
        return type.count == count || type[count] == UInt8(ascii: ";") || type[count] == 0x20
    }

    func makeClientHead(_ head: Head) -> Head {
        let answer = core.heads.take()
        answer.status = head.status
        answer.contentLength = head.contentLength
        answer.endsConnection = tunnel != nil
        site?.responseHeaders.copy(
            head.fields, to: &answer.fields, status: head.status, withholding: secret)
        if eventStream != nil {
            ResponseHeaderPolicy.appendStreamFields(to: &answer.fields)
        }
        appendOwnFields(to: answer)
        return answer
    }

    /// What the upstream was shown and clients must not see.
    var secret: [UInt8] { credential?.secret ?? [] }

    func receivedBody(_ bytes: Span<UInt8>) {
        // While the client is behind, only what it takes is progress.
        if !isClientBehind { noteProgress() }
        if let heldAnswer {
            hold(bytes, in: heldAnswer)
            return
        }
        uncreditedOut += bytes.count
        guard status != 0, request.method != .head else {
            creditUpstream(bytes.count)
            return
        }
        usage?.passed(bytes)
        if let filter = spending?.filter {
            deliver(bytes, through: filter)
        } else {
            deliver(bytes)
        }
    }

    /// Sends a piece of the answer on.
    func deliver(_ bytes: Span<UInt8>) {
        bytesOut += bytes.count
        eventStream?.passed(bytes)
        codec.send(bytes, on: stream)
        core.touch(session)
    }

    func receivedEnd(_ trailers: Head?) {
        noteProgress()
        if let tunnel, tunnel.isOpen {
            tunnelEnded(tunnel)
        } else if heldAnswer == nil {
            endResponse(trailers, isSent: request.method == .head)
        } else {
            answerTranslated()
        }
        if let trailers { core.heads.giveBack(trailers) }
    }

    /// `isSent`: the client's codec knows already that the answer is complete.
    private func endResponse(_ trailers: Head?, isSent: Bool) {
        switch machine.receivedEnd() {
        case .nothing: return
        case .giveBack(let lease):
            answeredAt = core.now.monotonic
            creditUpstream(uncreditedOut)
            settle(lease)
        }
        spending?.filter?.ended { deliver($0) }
        settleTokens()
        dropRequestBody()
        if !isSent {
            codec.sendEnd(on: stream, trailers: trailers.flatMap(makeClientTrailers))
        }
        core.touch(session)
        session.expect(within: timeouts.writeStall)
    }

    private func makeClientTrailers(_ trailers: Head) -> Head? {
        let kept = core.heads.take()
        site?.responseHeaders.copy(
            trailers.fields, to: &kept.fields, status: status, withholding: secret)
        return kept.fields.count > 0 ? kept : nil
    }

    /// The answer is complete: the stream is free for another request if this one was sent
    /// completely.
    func settle(_ lease: consuming Lease) {
        guard let pool, let connection else {
            abandon(lease)
            return
        }
        if !isRequestSent {
            abandon(lease)
            return
        }
        self.connection = nil
        connection.forget(upstreamStream)
        let isReusable = connection.isReusable
        pool.giveBack(lease, isReusable: isReusable)
    }

    func creditUpstream(_ count: Int) {
        guard count > 0, let connection else { return }
        uncreditedOut -= count
        connection.credit(count, on: upstreamStream)
    }

    /// Bytes of the answer left for the client: the upstream may send as many more.
    func clientDrained() {
        noteDownload()
        guard uncreditedOut > 0, connection != nil else {
            if let document = route?.document, bytesOut > 0, bytesOut < document.bytes.count {
                sendRest(of: document)
            }
            return
        }
        creditUpstream(uncreditedOut - min(uncreditedOut, codec.pendingBytes(of: stream)))
    }

    // MARK: Failing

    /// Ends the exchange with `error`: as a reply while nothing was sent, else by breaking the
    /// stream.
    func fail(_ error: GatewayError) {
        leaveQueue()
        switch machine.failed() {
        case .reply: reply(error)
        case .replyAndAbandon(let lease):
            abandon(lease)
            reply(error)
        case .breakStream(let lease):
            abandon(lease)
            breakOff(error)
        case .nothing: break
        }
    }

    func leaveQueue() {
        if isQueued { pool?.cancel(self) }
        isQueued = false
    }

    /// A 5xx of the upstream: its body never reaches the client.
    private func failServerError(_ head: Head, isEnd: Bool) {
        let error = GatewayError.upstreamFailed(.serverError(status: head.status))
        switch machine.failed() {
        case .replyAndAbandon(let lease):
            discard(head, isEnd: isEnd, lease)
            reply(error, upstream: head)
        case .reply: reply(error, upstream: head)
        case .breakStream(let lease): abandon(lease)
        case .nothing: break
        }
    }

    /// Takes nothing of the answer that begins with `head`. A short body is read to its end, so
    /// that the connection can be used again.
    func discard(_ head: Head, isEnd: Bool, _ lease: consuming Lease) {
        let rest = isEnd ? 0 : head.contentLength ?? .max
        guard let connection, isRequestSent, !connection.isMultiplexed, rest <= 65_536 else {
            abandon(lease)
            return
        }
        self.connection = nil
        if isEnd {
            connection.forget(upstreamStream)
            pool?.giveBack(lease, isReusable: connection.isReusable)
        } else {
            connection.discardRest(of: upstreamStream, lease, expected: rest)
        }
    }

    private func breakOff(_ error: GatewayError) {
        self.error = error
        if case .upstreamFailed = error { cancelledBy = .upstream } else { cancelledBy = .gateway }
        dropRequestBody()
        guard let tail = eventStream, !hasDeclaredLength, let route else {
            codec.reset(stream, tunnel == nil ? .internalError : .cancel)
            core.touch(session)
            _ = machine.closed()
            finish()
            return
        }
        core.body.removeAll()
        core.body.append(tail.closing)
        dialect.writeEvent(error, route.errorShape, isInsideEvent: false, into: &core.body)
        bytesOut += core.body.count
        core.body.withBytes { codec.send($0, on: stream) }
        codec.sendEnd(on: stream, trailers: nil)
        core.touch(session)
        session.expect(within: timeouts.writeStall)
    }

    /// The client's stream is over after everything was said.
    func closed() {
        if !isClientOutlived() { end() }
    }

    private func end() {
        switch machine.closed() {
        case .leaveQueue: leaveQueue()
        case .abandon(let lease): abandon(lease)
        case .nothing: break
        }
        finish()
    }

    /// The client left: the upstream is told at once.
    func clientGone(_ who: AccessLogRecord.Canceller) {
        // Whoever leaves a tunnel in which the other has said all, leaves in time.
        let isInTime = who == .client && tunnel?.hasUpstreamEnded == true
        if !isFinished, cancelledBy == nil, !isInTime { cancelledBy = who }
        end()
    }
}
