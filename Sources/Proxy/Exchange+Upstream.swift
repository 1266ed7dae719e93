import Errors
import HTTP
import Kernel
import Policies
import Upstream

/// From admission to the last byte of the request: the lease, the head, the body under flow
/// control.
extension Exchange {
    /// `avoided`: the endpoint at which it has just failed.
    func serve(avoiding avoided: Int = EndpointSet.none) {
        guard let upstreamIndex else { return }
        noteProgress()
        servedAt = core.now.monotonic
        let pool = pools[upstreamIndex]
        self.pool = pool
        isQueued = true
        session.expect(within: timeouts.upstream.connect)
        pool.serve(self, avoiding: avoided)
    }

    /// Who is to serve the request, by its index in the snapshot's upstreams.
    var upstreamIndex: Int? {
        guard let site else { return nil }
        return tunnel == nil ? choice?.target.upstream ?? site.upstream : site.tunnelUpstream
    }

    func leased(_ lease: consuming Lease, from pool: UpstreamPool) {
        isQueued = false
        guard let connection = pool.connection(of: lease) else {
            pool.giveBack(lease, isReusable: false)
            failUnreached(.upstreamFailed(.reset))
            return
        }
        switch machine.leased(lease) {
        case .giveBack(let lease): pool.giveBack(lease, isReusable: true)
        case .forward: forward(on: connection)
        }
    }

    private func forward(on connection: UpstreamConnection) {
        noteProgress()
        leasedAt = core.now.monotonic
        upstreamLabel = connection.label
        isUpstreamHTTP2 = connection.isMultiplexed
        isReused = connection.served > 0
        sentMark = connection.sentBytes
        if tunnel != nil, !connection.allowsWebSocket {
            fail(.upstreamFailed(.upgradeRefused))
            return
        }
        let head = makeUpstreamHead(to: connection.target)
        defer { core.heads.giveBack(head) }
        let isEnd =
            tunnel == nil
            && (isRequestEnded && collected.isEmpty || route?.body == Route.Body.none)
        guard let opened = connection.open(head, isEnd: isEnd, for: self) else {
            backToQueue(from: connection)
            return
        }
        upstreamStream = opened
        self.connection = connection
        isRequestSent = isEnd
        session.expect(within: timeouts.upstream.firstByte)
        if !isEnd { sendBody() }
    }

    /// The connection takes no stream after all. One that multiplexes may still count a stream
    /// that was cancelled a moment ago; its next flush tells how many it takes.
    private func backToQueue(from connection: UpstreamConnection) {
        guard let pool else { return }
        switch machine.retried() {
        case .giveBack(let lease):
            let isFull = connection.isMultiplexed && connection.isReusable
            if isFull {
                pool.capacityIsUsedUp(connection)
                core.touch(connection)
            }
            pool.giveBack(lease, isReusable: isFull)
            isQueued = true
            pool.serve(self)
        case .queue: break
        case .nothing: break
        }
    }

    private func makeUpstreamHead(to endpoint: EndpointTarget) -> Head {
        let head = core.heads.take()
        guard let site, let route, let pool else { return head }
        head.method = request.method
        if request.method == .other { head.methodText.append(request.methodText) }
        head.isSecure = pool.target.tls != nil
        head.authority.append(endpoint.authority)
        writeTarget(of: head, route, endpoint)
        site.requestHeaders.copy(request.fields, to: &head.fields, passing(route))
        request.authority.withBytes {
            core.snapshot.trustedProxies.appendForwarded(
                peer: session.peer.ip, isSecure: session.isSecure, authority: $0, request.fields,
                to: &head.fields)
        }
        head.fields.append(.xRequestID) { requestID.write(into: &$0) }
        head.fields.append(.traceparent) { trace.writeTraceParent(into: &$0) }
        if let credential { head.fields.append(credential.fields) }
        if site.sendsIdentityFields, let principal {
            head.fields.append(principal.identityFields)
        }
        if let tunnel {
            appendHandshake(tunnel, to: head)
        } else if route.body == .json {
            head.contentLength = collected.count
        } else if !isRequestEnded, route.body == .stream {
            head.contentLength = request.contentLength
        } else if !collected.isEmpty {
            head.contentLength = collected.count
        }
        return head
    }

    /// What the upstream is shown. A site's own is meant for the site's upstream, not for those of
    /// its models.
    var credential: OperatorCredential? {
        let own = choice == nil ? site?.credential : choice?.target.credential
        return own ?? pool?.target.credential
    }

    private func passing(_ route: Route) -> RequestHeaderPolicy.Options {
        var options: RequestHeaderPolicy.Options = []
        if route.body != .json { options.insert(.acceptEncoding) }
        if trace.isContinued { options.insert(.tracestate) }
        return options
    }

    /// The request's path, or the route's own, with the upstream's base in place of a leading
    /// `/v1`.
    private func writeTarget(of head: Head, _ route: Route, _ target: EndpointTarget) {
        head.target.append(target.basePath)
        if route.upstreamPath.isEmpty {
            request.target.withBytes { appendBelowVersion($0, to: &head.target) }
        } else {
            let path = route.upstreamPath
            appendBelowVersion(path.span, to: &head.target)
            let query = request.pathCount..<request.target.count
            head.target.append(query, of: request.target)
        }
    }

    private func appendBelowVersion(_ path: Span<UInt8>, to output: inout ByteBuffer) {
        let isVersioned =
            path.count >= 3 && path.extracting(0..<3).equals("/v1")
            && (path.count == 3 || path[3] == UInt8(ascii: "/") || path[3] == UInt8(ascii: "?"))
        output.append(path.extracting((isVersioned ? 3 : 0)..<path.count))
        if output.isEmpty { output.append(UInt8(ascii: "/")) }
    }

    /// Sends what is held of the body, no more at once than a stream may buffer.
    func sendBody() {
        guard let connection, let upstream = connection.codec, !isRequestSent,
            tunnel?.isOpen ?? true
        else { return }
        let bound = core.snapshot.limits.streamBufferBytes
        while collectedSent < collected.count, upstream.pendingBytes(of: upstreamStream) < bound {
            let end = min(collected.count, collectedSent + 65_536)
            collected.withSlice(collectedSent..<end) { upstream.send($0, on: upstreamStream) }
            collectedSent = end
        }
        if collectedSent == collected.count, route?.body != .json {
            collected.removeAll(keepingCapacity: 0)
            collectedSent = 0
        }
        if collectedSent == collected.count, isRequestEnded {
            upstream.sendEnd(on: upstreamStream, trailers: nil)
            isRequestSent = true
        }
        core.touch(connection)
        creditRequest()
    }

    /// Bytes of the request left for the upstream.
    func upstreamDrained() {
        noteProgress()
        if !isRequestSent, collectedSent < collected.count { sendBody() } else { creditRequest() }
    }

    /// Lets the client send as much as has gone on.
    func creditRequest() {
        guard uncreditedIn > 0, let upstream = connection?.codec else { return }
        let held = upstream.pendingBytes(of: upstreamStream) + collected.count - collectedSent
        let gone = uncreditedIn - held
        guard gone > 0 else { return }
        uncreditedIn -= gone
        codec.credit(gone, on: stream)
        core.touch(session)
    }

    /// Nothing of the request is needed any more: the memory goes, the client's window opens.
    func dropRequestBody() {
        isCollecting = false
        collected.removeAll(keepingCapacity: 0)
        collectedSent = 0
        if reserved > 0 {
            core.snapshot.bodyBudget.release(reserved)
            reserved = 0
        }
        if uncreditedIn > 0 {
            codec.credit(uncreditedIn, on: stream)
            uncreditedIn = 0
            core.touch(session)
        }
    }

    /// The connection or the stream broke. Sent again is only what cannot have been processed, or
    /// what may be repeated (docs/decisions/0007).
    func upstreamBroke(_ failure: UpstreamFailure, isUnprocessed: Bool = false) {
        guard let connection, let pool else { return }
        connection.forget(upstreamStream)
        // The other streams of the connection go on, and need its window.
        creditUpstream(uncreditedOut)
        if upstreamStoppedListening() { return }
        let reachedNobody = connection.sentBytes == sentMark
        let mayRepeat = isReused && request.method.isSafe && bytesIn == 0
        let isWhole = route?.body == .json || isRequestEnded && bytesIn == 0 || tunnel != nil
        let isUnserved = isUnprocessed || reachedNobody
        let canRetry =
            !isRetry && status == 0 && heldAnswer == nil && isWhole && (isUnserved || mayRepeat)
        let isMultiplexed = connection.isMultiplexed
        let endpoint = connection.endpoint
        self.connection = nil
        guard canRetry, pool.allowRetry() else {
            if isUnserved {
                failUnreached(.upstreamFailed(failure))
            } else {
                fail(.upstreamFailed(failure))
            }
            return
        }
        isRetry = true
        collectedSent = 0
        switch machine.retried() {
        case .giveBack(let lease):
            if !isMultiplexed { pool.closeUnused(of: endpoint) }
            pool.giveBack(lease, isReusable: isMultiplexed)
            serve(avoiding: endpoint)
        case .queue: break
        case .nothing: break
        }
    }

    /// Gives a lease back whose stream is of no further use, and lets the upstream know at once.
    func abandon(_ lease: consuming Lease) {
        guard let pool else {
            assertionFailure("a lease without a pool")
            return
        }
        guard let connection else {
            // The connection is gone or has forgotten the stream already.
            pool.giveBack(lease, isReusable: isUpstreamHTTP2)
            return
        }
        creditUpstream(uncreditedOut)
        self.connection = nil
        connection.cancel(upstreamStream)
        pool.giveBack(lease, isReusable: connection.isMultiplexed)
    }
}
