import Errors
import HTTP
import JSON
import Kernel
import Policies

/// From the request's head to the moment it may be forwarded. The order of refusals is part of the
/// contract.
extension Exchange {
    func receivedRequest(isEnd: Bool) {
        isRequestEnded = isEnd
        guard let place = core.snapshot.sites.find(request.authority) else {
            fail(.misdirected)
            return
        }
        let site = place.site
        self.site = site
        guard isAddressAdmitted(site), findProject(place) else { return }
        if CrossOriginPolicy.isPreflight(request.method, request.fields) {
            replyToPreflight(site)
            return
        }
        guard let route = matchRoute(site), route.action == .webSocket || !isExtendedConnect else {
            fail(unknownRoute)
            return
        }
        self.route = route
        if route.action == .health {
            replyHealthy()
            return
        }
        if let document = route.document {
            reply(with: document)
            return
        }
        guard !core.snapshot.memory.isExceeded else {
            fail(.overloaded(retryAfterSeconds: 1))
            return
        }
        if let length = request.contentLength, length > route.bodyLimit {
            fail(.bodyTooLarge(limitBytes: route.bodyLimit))
            return
        }
        if route.action == .webSocket, !beginHandshake(site, isEnd: isEnd) { return }
        guard admit(site, route) else { return }
        startBody(route)
    }

    /// Before anything is looked at that costs more: whoever guesses is bounded by what he guesses
    /// from.
    private func isAddressAdmitted(_ site: Site) -> Bool {
        guard let limit = site.addressLimit else { return true }
        let address = core.snapshot.trustedProxies.client(
            peer: session.peer.ip, request.fields)
        switch limit.admit(address, at: core.now) {
        case .admitted: return true
        case .refused(let wait):
            fail(.addressRateLimited(retryAfterMilliseconds: wait))
            return false
        }
    }

    /// Where the host's first label is a slug: it must be one.
    private func findProject(_ place: SiteDirectory.Place) -> Bool {
        let directory = core.snapshot.directory
        guard let label = place.label, !directory.projects.isEmpty else { return true }
        addressed = request.authority.withSlice(label) { directory.project(slug: $0) }
        if addressed == nil { fail(.unknownProject) }
        return addressed != nil
    }

    private func matchRoute(_ site: Site) -> Route? {
        let path = request.pathCount
        let index = request.target.withSlice(0..<path) { site.routes.find(request.method, $0) }
        return index.map { site.actions[$0] }
    }

    /// HTTP/1.1 may ask for an upgrade in vain; an extended CONNECT has no other meaning.
    private var isExtendedConnect: Bool { request.isWebSocket && session.isHTTP2 }

    private var unknownRoute: GatewayError {
        var method = ByteBuffer()
        method.append(isExtendedConnect ? Method.connect.text : request.method.text)
        method.append(request.methodText)
        return request.target.withBytes { .unknownRoute(method: method.bytes, path: $0) }
    }

    /// Identity, state, permission, limits, in this order; what is refused before the limits
    /// consumes nothing.
    private func admit(_ site: Site, _ route: Route) -> Bool {
        let desks =
            site.tokenIssuers.isEmpty
            ? nil : TokenDesks(core.tokenDesks, trusted: site.tokenIssuers)
        switch site.identity.decide(request.fields, core.hasher, site.keys, desks, at: core.now) {
        case .refused(let error):
            fail(error)
            return false
        case .principal(let caller):
            principal = caller
            let refusal = caller.refusal(
                addressing: addressed, in: core.snapshot.directory, demanding: route.permission)
            if let refusal {
                fail(refusal)
                return false
            }
            let admission = caller.gates.admit(at: core.now, within: core.snapshot.processLimit)
            reading = admission.reading
            guard let error = admission.error else {
                spending = caller.gates.budget.map { Spending($0) }
                return true
            }
            fail(error)
            return false
        }
    }

    private func startBody(_ route: Route) {
        guard tunnel == nil else {
            serveTunnel()
            return
        }
        if !isRequestEnded, request.fields.contains(.expect) {
            codec.sendInterim(100, on: stream)
            core.touch(session)
        }
        session.expect(within: timeouts.requestBodyIdle)
        guard route.body == .json else {
            // A key with a list of models may not name one where the gateway cannot read it.
            if principal?.allowedModels != nil, route.hidesModel, request.method == .post {
                fail(.modelNotAllowed)
            } else {
                serve()
            }
            return
        }
        if isRequestEnded {
            collectedAll()
        } else {
            isCollecting = true
        }
    }

    func receivedRequestBody(_ bytes: Span<UInt8>) {
        if let tunnel {
            receivedTunnelBytes(bytes, tunnel)
            return
        }
        noteUpload()
        bytesIn += bytes.count
        guard !machine.isAnswered, let route, route.body != .none else {
            codec.credit(bytes.count, on: stream)
            return
        }
        if bytesIn > route.bodyLimit {
            codec.credit(bytes.count, on: stream)
            fail(.bodyTooLarge(limitBytes: route.bodyLimit))
        } else if isCollecting {
            collect(bytes, atMost: request.contentLength ?? route.bodyLimit)
        } else {
            pass(bytes)
        }
    }

    private func collect(_ bytes: Span<UInt8>, atMost bound: Int) {
        codec.credit(bytes.count, on: stream)
        guard makeRoom(for: bytes.count, atMost: bound) else {
            fail(.overloaded(retryAfterSeconds: 1))
            return
        }
        collected.append(bytes)
    }

    /// The budget is asked for all the memory that is taken, also for what is not in use yet. It
    /// is doubled each time, but not beyond what the body can need.
    private func makeRoom(for count: Int, atMost bound: Int) -> Bool {
        let needed = collected.count + count
        guard needed > collected.capacity else { return true }
        let room = max(needed, min(bound, max(collected.capacity * 2, Self.firstRoom)))
        let growth = room - collected.capacity
        guard core.snapshot.bodyBudget.reserve(growth) else { return false }
        reserved += growth
        collected.grow(to: room)
        return true
    }

    private static let firstRoom = 16_384

    /// Sends a piece on at once, or keeps it until a stream is there. It is credited when it has
    /// left.
    func pass(_ bytes: Span<UInt8>) {
        uncreditedIn += bytes.count
        if let connection, collected.isEmpty {
            connection.codec?.send(bytes, on: upstreamStream)
            core.touch(connection)
            creditRequest()
        } else {
            collected.append(bytes)
        }
    }

    func receivedRequestEnd() {
        noteProgress()
        isRequestEnded = true
        guard !machine.isAnswered else { return }
        if isCollecting {
            isCollecting = false
            collectedAll()
        } else {
            sendBody()
        }
    }

    /// The body is here: what it must be, and what it may ask for.
    private func collectedAll() {
        guard let route else { return }
        let document: JSONSummary
        do throws(JSONFault) {
            document = try check(collected)
        } catch {
            fail(.invalidJSON)
            return
        }
        guard document.root.kind == .object else {
            fail(.invalidJSON)
            return
        }
        guard let document = chooseModel(document), holdTokens(for: document) else { return }
        if route.action == .legacyCompletions {
            if document.asksForStream {
                fail(.unsupportedStreamingCompletion)
                return
            }
            guard translateRequest() else { return }
        }
        serve()
    }

    func check(_ body: borrowing ByteBuffer) throws(JSONFault) -> JSONSummary {
        try core.probe.probe(body.bytes)
    }

    /// The head itself, or the framing of the body, was at fault.
    func refuse(_ fault: MessageFault) {
        isRequestEnded = true
        switch fault {
        case .malformed(let reason): fail(.malformedRequest(LogReason(reason)))
        case .targetTooLong: fail(.targetTooLong)
        case .fieldsTooLarge: fail(.fieldsTooLarge)
        case .unsupportedVersion: fail(.unsupportedVersion)
        case .expectationFailed: fail(.expectationFailed)
        case .timedOut: fail(.requestTimeout)
        }
    }
}
