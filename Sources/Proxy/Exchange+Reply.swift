import Errors
import HTTP
import Kernel
import Policies
import Telemetry

/// Answers the gateway gives itself, and the fields every answer carries.
extension Exchange {
    /// Words `error` in the site's dialect. `upstream`: the head of the upstream's own failure,
    /// which may say when to come back.
    func reply(_ error: GatewayError, upstream: Head? = nil) {
        self.error = error
        let facts = error.facts
        core.body.removeAll(keepingCapacity: 65_536)
        dialect.write(error, into: &core.body)
        let head = core.heads.take()
        head.status = dialect.status(of: error)
        // Behind a handshake that failed may stand what was meant for the tunnel.
        head.endsConnection = facts.isClosing || tunnel != nil
        if !core.body.isEmpty { head.fields.append(.contentType, Dialect.contentType) }
        if let field = dialect.field(of: error) { head.fields.append(field.name, field.value) }
        if facts.retryAfterMilliseconds != nil || facts.shouldRetry != nil {
            RateLimitFields.appendRetry(error, to: &head.fields)
        }
        if case .upgradeRequired = error {
            head.isWebSocket = true
            WebSocketHandshake.appendVersion(to: &head.fields)
        }
        if let upstream, upstream.status == 503 {
            ResponseHeaderPolicy.copyRetryAfter(
                upstream.fields, to: &head.fields, withholding: secret)
        }
        send(head)
    }

    func replyHealthy() {
        _ = machine.failed()
        core.body.removeAll(keepingCapacity: 65_536)
        core.body.append("{\"status\":\"ok\"}")
        let head = core.heads.take()
        head.status = 200
        head.fields.append(.contentType, "application/json")
        send(head)
    }

    func replyToPreflight(_ site: Site) {
        _ = machine.failed()
        core.body.removeAll(keepingCapacity: 65_536)
        let head = core.heads.take()
        head.status = 204
        crossOrigin(site).appendPreflight(request.fields, to: &head.fields)
        send(head)
    }

    /// Sends `head` with the bytes of `core.body`.
    func send(_ head: Head) {
        if head.status != 204 { head.contentLength = core.body.count }
        let isBodyless = request.method == .head || head.status == 204
        respond(head, isEnd: isBodyless)
        if !isBodyless {
            bytesOut += core.body.count
            core.body.withBytes { codec.send($0, on: stream) }
            codec.sendEnd(on: stream, trailers: nil)
        }
        core.touch(session)
        session.expect(within: timeouts.writeStall)
    }

    /// Begins an answer of the gateway's own.
    private func respond(_ head: Head, isEnd: Bool) {
        status = head.status
        settleTokens()
        appendOwnFields(to: head)
        dropRequestBody()
        codec.respond(head, on: stream, isEnd: isEnd)
        core.heads.giveBack(head)
    }

    /// Answers with the document, or with the word that the client has it. It may change with
    /// every start and is small, so caches are to ask each time (`no-cache`).
    func reply(with document: ServedDocument) {
        _ = machine.failed()
        let tag = document.entityTag
        let isKnown = request.fields.ifNoneMatch(names: tag.span)
        let head = core.heads.take()
        head.status = isKnown ? 304 : 200
        if !isKnown {
            head.contentLength = document.bytes.count
            head.fields.append(.contentType, "application/json")
        }
        head.fields.append("etag") { $0.append(tag) }
        head.fields.append(.cacheControl, "no-cache")
        let isBodyless = isKnown || request.method == .head
        respond(head, isEnd: isBodyless)
        if !isBodyless { sendRest(of: document) }
        core.touch(session)
        session.expect(within: timeouts.writeStall)
    }

    /// Sends on as the client takes it: a crowd of clients that do not read holds a piece each, not
    /// a copy of the document.
    func sendRest(of document: ServedDocument) {
        let bytes = document.bytes
        while bytesOut < bytes.count, codec.pendingBytes(of: stream) < ServedDocument.piece {
            let end = min(bytes.count, bytesOut + ServedDocument.piece)
            codec.send(bytes.span.extracting(bytesOut..<end), on: stream)
            bytesOut = end
        }
        if bytesOut == bytes.count { codec.sendEnd(on: stream, trailers: nil) }
        core.touch(session)
    }

    /// What stands on every answer: both ids, the limits of a governed request, the time it took.
    func appendOwnFields(to head: Head) {
        head.fields.append(.xRequestID) { requestID.write(into: &$0) }
        head.fields.append(.xTraceID) { trace.writeTraceID(into: &$0) }
        guard let site else { return }
        crossOrigin(site).append(request.fields, to: &head.fields)
        if let reading, site.sendsRateLimitFields || error != nil {
            RateLimitFields.append(reading, to: &head.fields)
        }
        if site.sendsRateLimitFields || error != nil { appendTokenFields(to: head) }
        if !site.latencyField.isEmpty, principal != nil || error != nil {
            let elapsed = core.now.monotonic.since(started.monotonic) / 1_000_000
            core.digits.removeAll()
            core.digits.append(decimal: UInt(elapsed))
            let name = site.latencyField
            core.digits.withBytes {
                head.fields.append(name: name.span, value: $0)
            }
        }
    }

    private func crossOrigin(_ site: Site) -> CrossOriginPolicy {
        addressed?.crossOrigin ?? site.crossOrigin
    }

    /// One line for each exchange.
    func writeLog() {
        guard let log = core.log else { return }
        var record = AccessLogRecord(
            time: started.wall, requestID: requestID, trace: trace,
            client: core.snapshot.trustedProxies.client(peer: session.peer.ip, request.fields),
            method: request.method, status: status, version: session.isHTTP2 ? .http2 : .http1)
        record.site = site?.name
        record.route = route?.name
        record.keyID = principal?.id
        record.error = error
        record.bytesIn = bytesIn
        record.bytesOut = bytesOut
        record.inputTokens = usage?.usage.input
        record.outputTokens = usage?.usage.output
        record.estimatedTokens = spending?.estimated
        record.durationNanoseconds = core.now.monotonic.since(started.monotonic)
        record.connectNanoseconds = leasedAt?.since(started.monotonic)
        record.firstByteNanoseconds = firstByteAt?.since(started.monotonic)
        if let upstreamLabel {
            record.upstream = upstreamLabel
            record.upstreamVersion = isUpstreamHTTP2 ? .http2 : .http1
        }
        record.cancelledBy = cancelledBy
        if let choice { record.attempts = choice.attempts }
        request.target.withSlice(0..<request.pathCount) { path in
            request.methodText.withBytes { method in
                model.withBytes { model in
                    log.append(record, path: path, methodText: method, model: model)
                }
            }
        }
    }
}
