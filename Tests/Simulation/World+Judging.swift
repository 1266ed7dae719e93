import HTTP
import Policies

/// What is right, request by request.
extension World {
    /// A request reached an upstream. `isRefused`: one that had said before that it does nothing
    /// for anybody, so that the request may be at another one by now.
    func judgeForwarded(_ request: Request, _ head: Head, isRefused: Bool) {
        let number = request.number
        if request.isUnprocessed { fault("\(number) was served after all") }
        if head.fields.text(of: "authorization") != nil { fault("\(number) took its key along") }
        if !request.isSpoiled, head.fields.text(of: "x-request-id") != "sim-\(number)" {
            fault("\(number) lost its id")
        }
        if regimes(of: request).allSatisfy({ refusal(of: request, under: $0) != nil }) {
            fault("\(number) went on, which nothing allows")
        }
        request.lastRegime = request.lastRegime ?? regimes.count - 1
        guard !isRefused, let last = request.attempts.last else { return }
        let mayRepeat =
            request.method.isSafe && (request.route == .listing || request.body == nil)
        if !last.isRefused, !mayRepeat { fault("\(number) was sent twice") }
        if request.attempts.count > 1 { fault("\(number) was sent three times") }
    }

    /// What must be answered whatever the upstream does; nil: nothing is wrong with the request.
    private func refusal(of request: Request, under regime: Regime) -> Int? {
        let isLong = (request.body?.count ?? 0) > regime.bodyLimit
        if request.route == .unknown { return 404 }
        if request.route == .listing, !regime.hasListing { return 404 }
        if request.declaresLength, isLong { return 413 }
        switch request.key {
        case .bound where regime.boundKey != .active: return 403
        case .good, .limited, .bound: break
        case .unknown, .missing, .expired: return 401
        case .suspended, .revoked: return 403
        }
        guard request.route == .chat else { return nil }
        if isLong { return 413 }
        if !request.isValidJSON { return 400 }
        return request.key == .bound && request.namesForbiddenModel ? 403 : nil
    }

    /// The head of an answer that comes from an upstream.
    func judgeRelayed(_ request: Request, _ head: Head, _ source: Attempt) {
        if let villainy = source.villainy, villainy.outcome == .refused {
            fault("\(request.number) got the answer of \(villainy.name)")
        }
        if head.status != source.status || source.status >= 500 {
            fault("\(request.number) got \(head.status) for \(source.status)")
        }
        if source.isRefused { fault("\(request.number) got the answer of who refused it") }
        if source.declaresLength, source.status != 204, head.contentLength != source.body.count {
            fault("\(request.number) got another length")
        }
        if head.fields.text(of: "x-request-id") != "sim-\(request.number)" {
            fault("\(request.number) got another id")
        }
    }

    /// The head of an answer of the gateway's own.
    func judgeOwn(_ request: Request, _ head: Head) {
        let status = head.status
        if isRight(status, request) { return }
        fault("\(request.number) (\(request.route), \(request.key)) got \(status)")
    }

    private func isRight(_ status: Int, _ request: Request) -> Bool {
        if request.route == .health, status == 200 { return true }
        let inForce = regimes(of: request)
        if inForce.contains(where: { refusal(of: request, under: $0) == status }) { return true }
        switch status {
        case 408: return hasTimePassed
        case 413: return isTooLong(request)
        case 429: return request.key == .limited && isMetered(request)
        case 502:
            // Who reached nobody may not have found the way.
            let isFailed = request.attempts.last?.isUpstreamsFault ?? (troubles > 0)
            // Streams that were opened before the upstream said how many it takes are refused.
            let isNarrow = scenario.isUpstreamHTTP2 && scenario.upstreamStreams < 100
            return isFailed || hasTimePassed || isNarrow
        case 503:
            let isScarce = scenario.hasTightPool || scenario.hasTightBudget
            return isScarce || hasTimePassed
        default: return false
        }
    }

    private func isMetered(_ request: Request) -> Bool {
        request.route != .unknown
            && regimes(of: request).contains { regime in
                !(request.declaresLength && (request.body?.count ?? 0) > regime.bodyLimit)
            }
    }

    private func isTooLong(_ request: Request) -> Bool {
        let takesBody = request.route == .chat || request.route == .upload
        let size = request.body?.count ?? 0
        return takesBody && regimes(of: request).contains { size > $0.bodyLimit }
    }

    /// A whole answer.
    func judgeComplete(_ request: Request) {
        let number = request.number
        if request.status == 0 { fault("\(number) was answered without a head") }
        if request.isSpoiled { return }
        guard let source = request.source else {
            let text = String(decoding: request.extra, as: UTF8.self)
            let isEmpty = request.method == .head
            if isEmpty != text.isEmpty || !isEmpty && !text.hasPrefix("{") {
                fault("\(number) got \(text.prefix(40))")
            }
            return
        }
        if let villainy = source.villainy, villainy.outcome == .broken, request.extra.isEmpty {
            fault("\(number) got the whole of \(villainy.name)")
        }
        let isBodiless = request.method == .head || source.status == 204
        let whole = isBodiless ? 0 : source.body.count
        if request.extra.isEmpty {
            if request.received != whole || !source.hasSentEnd && !isBodiless {
                fault("\(number) got \(request.received) of \(whole) bytes as the whole")
            }
            return
        }
        let isExcused = source.isUpstreamsFault || hasTimePassed || isTooLong(request)
        if !isExcused { fault("\(number) got an error event without a reason") }
        if !source.isSpoiled, !endsWithError(request, source) {
            let tail = source.body[max(0, request.received - 40)..<request.received] + request.extra
            fault("\(number) got \(String(decoding: tail, as: UTF8.self)) behind its events")
        }
    }

    /// Whether what the client got is the beginning of the upstream's events and an error event.
    private func endsWithError(_ request: Request, _ source: Attempt) -> Bool {
        let text = source.body[..<request.received] + request.extra
        let mark = Array("data: {\"error\"".utf8)
        var start = text.count - mark.count
        while start >= 0, !text[start...].starts(with: mark) { start -= 1 }
        guard start >= 0 else { return false }
        // The gateway may have closed the event that was under way.
        return (0...min(2, start)).contains { closing in
            source.body.starts(with: text[..<(start - closing)])
                && text[(start - closing)..<start].allSatisfy { $0 == 0x0a }
        }
    }

    /// An answer that broke off, or never came.
    func judgeBroken(_ request: Request, on client: Client) {
        let isExcused =
            request.isCancelled || request.mayBeTurnedAway || request.isUnprocessed
            || client.isPoisoned || hasTimePassed || isOver || isTooLong(request)
            || (request.source ?? request.attempts.last)?.isUpstreamsFault == true
        if !isExcused { fault("\(request.number) broke off without a reason") }
    }

    /// The gateway ended what it had begun at an upstream.
    func judgeAbandoned(_ request: Request, _ attempt: Attempt) {
        let isExcused =
            attempt.hasSentEnd || attempt.isUpstreamsFault || attempt.isSpoiled
            || request.isCancelled || request.isSpoiled || request.isUnprocessed
            || request.outcome != .open || isTooLong(request) || hasTimePassed || isOver
        if !isExcused { fault("\(request.number) was given up without a reason") }
    }

    // MARK: The log

    /// What the log must say about a request when all is over.
    func judgeLog(_ request: Request) {
        let number = request.number
        if request.isSpoiled { return }
        guard let line = request.log else {
            // An unfinished head that timed out has not told its id.
            let wasRead = request.status != 0 && request.status != 408
            if wasRead || !request.attempts.isEmpty { fault("no log line for \(number)") }
            return
        }
        if request.isUnprocessed { fault("\(number) was served after all") }
        if request.status != 0, line.status != request.status {
            fault("the log says \(line.status) of \(number), the client \(request.status)")
        }
        let isSaid = line.error.isEmpty && line.cancelledBy.isEmpty && !request.isCancelled
        if isSaid, request.outcome == .broken, !hasTimePassed {
            fault("the log calls \(number) complete, the client lost its end")
        }
        if line.bytesIn > request.sent { fault("the log says too many bytes of \(number)") }
        if !request.attempts.isEmpty, line.upstream.isEmpty {
            fault("the log knows no upstream of \(number)")
        }
        guard request.outcome == .complete, request.method != .head else { return }
        if line.bytesOut != request.received + request.extra.count {
            fault("the log says \(line.bytesOut) bytes for \(number)")
        }
    }
}
