import Kernel

/// The server role: requests in, responses out.
extension HTTP1Codec {
    /// Whether a complete request head was read.
    func readRequestHead(_ bytes: Span<UInt8>, _ taken: inout Int) throws(MessageFault) -> Bool {
        if partial == nil, !hasSkippedLineBreak {
            guard try skipLineBreak(bytes, &taken) else { return false }
        }
        let section = bytes.extracting(taken..<bytes.count)
        if partial == nil {
            // Binary noise and TLS in the clear are told by their first byte, long before a line
            // ends.
            guard section.count > 0 else { return false }
            guard section.extracting(0..<1).isToken else { throw .malformed("invalid method") }
            guard
                let line = try scanner.nextLine(
                    in: section, bound: limits.targetBytes + 2, excess: .targetTooLong)
            else { return false }
            let head = heads.take()
            partial = head
            framing.reset()
            fieldCount = 0
            try StartLine.readRequest(section.extracting(line), into: head)
            isHeadRequest = head.method == .head
            isPeerHTTP10 = head.isHTTP10
            scanner.mark()
        }
        guard let head = partial,
            try readFields(section, into: head, bound: limits.headBytes, isTrailer: false)
        else { return false }
        try framing.finish(head, role: .server, optionLimit: limits.fieldCount)
        partial = nil
        taken += scanner.position
        requestBegan(head)
        return true
    }

    /// One empty line in front of a request is forgiven (RFC 9112 section 2.2). False while it is
    /// not known whether there is one.
    private func skipLineBreak(
        _ bytes: Span<UInt8>, _ taken: inout Int
    ) throws(MessageFault) -> Bool {
        guard bytes[taken] == 0x0d else { return true }
        guard taken + 1 < bytes.count else { return false }
        guard bytes[taken + 1] == 0x0a else { throw .malformed("bare CR") }
        taken += 2
        hasSkippedLineBreak = true
        return true
    }

    private func requestBegan(_ head: Head) {
        scanner.reset()
        fieldCount = 0
        hasSkippedLineBreak = false
        head.isSecure = isSecure
        persists = !hasEnded
        beginStream()
        if !framing.persists(isHTTP10: head.isHTTP10) { persists = false }
        awaitsContinue = framing.expectsContinue
        writing = .waiting
        isDiscarding = false
        let isEnd = beginBody(of: head)
        asksForTunnel = head.isWebSocket && isEnd
        if isEnd { awaitsContinue = false }
        events.append(.head(current, head, isEnd: isEnd))
    }

    /// The request is to be answered by an error and nothing behind it is read.
    func refuse(_ fault: MessageFault) {
        if !isOpen { beginStream() }
        persists = false
        writing = .waiting
        reading = .ignoring
        events.append(.refused(current, fault))
    }

    /// The client has sent its last byte.
    func requestsEnded() {
        switch reading {
        case .head:
            abandon()
        case .tunnel:
            tunnelEnded()
        case .length, .chunked, .trailers, .untilClose:
            if isDiscarding || writing == .complete {
                reading = .ignoring
                settle()
            } else {
                fail("end of file inside the request")
            }
        case .complete, .ignoring:
            break
        }
    }

    public func sendInterim(_ status: Int, on stream: StreamID) {
        guard role == .server, isOpen, stream == current, writing == .waiting, !isPeerHTTP10,
            (100..<200).contains(status), status != 101
        else { return }
        if status == 100 { awaitsContinue = false }
        pending.appendStatusLine(status)
        pending.append("\r\n")
    }

    public func respond(_ head: Head, on stream: StreamID, isEnd: Bool) {
        guard role == .server, isOpen, stream == current, writing == .waiting else { return }
        if head.status == 101, asksForTunnel, !hasEnded, head.fields.areWritable {
            openTunnel(head)
            return
        }
        guard canWrite(head, isEnd: isEnd) else {
            fail("a response head that cannot be written")
            return
        }
        if head.endsConnection { persists = false }
        decidePersistence()
        let isBodiless = isHeadRequest || head.status == 204 || head.status == 304
        pending.appendStatusLine(head.status)
        pending.append(head.fields, isRequest: false)
        if head.status != 204, let length = head.contentLength {
            pending.appendContentLength(length)
            writing = .length(length)
        } else if !isBodiless {
            if isEnd {
                pending.appendContentLength(0)
            } else if isPeerHTTP10 {
                persists = false
                writing = .untilClose
            } else {
                pending.append("transfer-encoding: chunked\r\n")
                writing = .chunked
            }
        }
        if isBodiless { writing = .bodiless }
        if head.isWebSocket { pending.append("upgrade: websocket\r\nconnection: upgrade\r\n") }
        if !persists {
            pending.append("connection: close\r\n")
        } else if isPeerHTTP10 {
            pending.append("connection: keep-alive\r\n")
        }
        pending.append("\r\n")
        if isEnd { ownMessageEnded() }
    }

    /// Settles, before the response head says it, whether the connection will go on. A request
    /// whose rest is short is read to its end; whether a chunked one is short, nobody knows.
    private func decidePersistence() {
        if isShuttingDown || hasEnded || awaitsContinue { persists = false }
        switch reading {
        case .length(let missing) where missing > limits.discardedBodyBytes: persists = false
        case .chunked, .trailers, .untilClose, .tunnel, .ignoring: persists = false
        case .length, .head, .complete: break
        }
    }

    /// Our response is queued whole. What is left of the request is of no interest.
    func serverMessageEnded() {
        if reading != .complete {
            if persists {
                isDiscarding = true
            } else {
                reading = .ignoring
                dropPartial()
            }
        }
        settle()
    }

    /// Ends the exchange when both messages have ended and our last byte has left.
    func settle() {
        guard role == .server, isOpen, writing == .complete, pending.isEmpty else { return }
        guard !persists || reading == .complete else { return }
        isOpen = false
        isDiscarding = false
        isHeadRequest = false
        isPeerHTTP10 = false
        awaitsContinue = false
        writing = .waiting
        events.append(.closed(current))
        if persists {
            reading = .head
        } else {
            isFinished = true
            reading = .ignoring
        }
    }
}
