import Proxy

/// What holds after every turn, whatever happened.
extension World {
    func check() {
        let found = core.inventory
        checkPool(found)
        checkBuffers(found)
        checkBurdens(found)
        if snapshot.bodyBudget.usedBytes > scenario.budget { fault("the budget is exceeded") }
        let reserved = found.shares.reduce(0) { $0 + $1.reservedBytes }
        if reserved != snapshot.bodyBudget.usedBytes {
            fault("\(snapshot.bodyBudget.usedBytes) bytes of the budget, \(reserved) in use")
        }
        for share in found.shares {
            guard let number = Int(share.requestID.dropFirst(4)), share.requestID.hasPrefix("sim-")
            else { continue }
            if request(number)?.log != nil { fault("\(number) lives on behind its log line") }
        }
    }

    private func checkPool(_ found: Inventory) {
        let limits = scenario.poolLimits
        let leased = found.shares.count { $0.isLeased }
        if found.active != leased + found.unwanted {
            fault("\(found.active) leases, held are \(leased) and \(found.unwanted)")
        }
        let queued = found.shares.count { $0.isQueued }
        if found.waiting != queued { fault("\(found.waiting) wait, \(queued) know of it") }
        let retrying = found.shares.count { $0.isRetry }
        if found.retries != retrying { fault("\(found.retries) retries, under way \(retrying)") }
        if found.active > limits.active { fault("\(found.active) active requests") }
        if found.connections > limits.connections { fault("\(found.connections) connections") }
    }

    private func checkBuffers(_ found: Inventory) {
        // libnghttp2 keeps to itself that it has given up a connection until its GOAWAY can leave.
        let hostile = Set(attackers.map(\.line.token))
        for account in found.accounts where !hostile.contains(account.owner.rawValue) {
            let range = account.exchanges...(account.exchanges + account.slack)
            if range.contains(account.codec) { continue }
            fault("a codec waits for \(account.codec) bytes, exchanges for \(account.exchanges)")
        }
        let isHTTP2 = scenario.isUpstreamHTTP2
        // libnghttp2 hands on the piece with which a peer leaves its window, then resets the
        // stream.
        let excess = isHTTP2 && scenario.hasVillains ? 16_384 : 0
        let outBound = scenario.bufferBound(isHTTP2: isHTTP2, scenario.upstreamLimits) + excess
        // Which protocol the client of a share speaks does not matter for a bound on both.
        let inBound = max(
            scenario.bufferBound(isHTTP2: true, scenario.clientLimits),
            scenario.bufferBound(isHTTP2: false, scenario.clientLimits))
        for share in found.shares {
            if share.owedToClient < 0 || share.owedToUpstream < 0 {
                fault("more was credited than came for \(share.requestID)")
            }
            if share.owedToClient > inBound || share.unsentToUpstream ?? 0 > inBound {
                fault("\(share.owedToClient) bytes of \(share.requestID) are held")
            }
            if !share.isRequestEnded, share.unsentToUpstream ?? 0 > share.owedToClient {
                fault("bytes of \(share.requestID) were credited before they left")
            }
            if share.owedToUpstream > outBound || share.unsentToClient > outBound + 4_096 {
                fault("\(share.unsentToClient) bytes for \(share.requestID) are held")
            }
        }
        if found.largestChannel > scenario.channelBound {
            fault("\(found.largestChannel) raw bytes")
        }
    }

    /// What holds when nothing moves any more.
    func checkSettled() {
        checkTimers()
        let found = core.inventory
        let alive = found.shares
        checkAttackers(found)
        // Who is mute has not told that it is gone.
        let mute = Set(clients.filter(\.isMute).flatMap(\.talks).map(\.request.number))
        for request in requests where request.isCancelled && !request.isSpoiled {
            if mute.contains(request.number) { continue }
            let share = alive.first { $0.requestID == "sim-\(request.number)" }
            // Where a client may half-close, an end behind bytes that nobody takes tells nothing.
            let isPaused = share?.owedToClient ?? 0 > scenario.bounds.streamBufferBytes
            if share != nil, !(isPaused && scenario.allowsHalfClose) {
                fault("\(request.number) outlives its client")
            }
        }
        for upstream in livingUpstreams where upstream.isPoisoned { checkVillain(upstream, found) }
        for upstream in livingUpstreams where !upstream.isStalled && !upstream.isPoisoned {
            for talk in upstream.openTalks where talk.request.isCancelled {
                guard let attempt = talk.attempt, !talk.request.isSpoiled,
                    !mute.contains(talk.request.number)
                else { continue }
                // The rest of a failure is read, so that the connection can be used again.
                if !attempt.hasSentEnd, attempt.status < 500 {
                    fault("the upstream works on \(talk.request.number) for nobody")
                }
            }
        }
    }
}

extension World {
    /// While exchanges are under way a session is looked at once in the time a write may stall.
    private func checkTimers() {
        let late = core.inventory.lateness
        if late > UInt64(scenario.timeouts.writeStall) * 1_000_000 {
            fault("a deadline passed \(late / 1_000_000) ms ago")
        }
    }

    func settleAndCheck() {
        trace.note(.settle)
        if !settle() { fault("never idle") }
        check()
        checkSettled()
    }
}
