import Kernel

/// The client role: requests out, responses in.
extension HTTP1Codec {
    public func open(_ head: Head, isEnd: Bool) -> StreamID? {
        guard availableStreams > 0 else { return nil }
        beginStream()
        guard canWrite(head, isEnd: isEnd) else {
            isOpen = false
            events.append(.reset(current, .internalError, isUnprocessed: true))
            return current
        }
        isHeadRequest = head.method == .head
        isConnect = head.method == .connect
        hasSent = false
        interimCount = 0
        reading = .head
        pending.appendRequestLine(of: head)
        pending.append(head.fields, isRequest: true)
        asksForTunnel = head.isWebSocket
        if head.isWebSocket {
            pending.append("upgrade: websocket\r\nconnection: upgrade\r\n\r\n")
            return current
        }
        if let length = head.contentLength {
            pending.appendContentLength(length)
            writing = .length(length)
        } else if !isEnd {
            pending.append("transfer-encoding: chunked\r\n")
            writing = .chunked
        } else if head.method == .post || head.method == .put || head.method == .patch {
            // RFC 9110 section 8.6: content is expected of these, so its absence is said.
            pending.appendContentLength(0)
        }
        pending.append("\r\n")
        if isEnd { ownMessageEnded() }
        return current
    }

    /// Whether a complete final or interim head was read.
    func readResponseHead(_ bytes: Span<UInt8>, _ taken: inout Int) throws(MessageFault) -> Bool {
        guard hasSent else { throw .malformed("a response in front of its request") }
        let section = bytes.extracting(taken..<bytes.count)
        if partial == nil {
            guard section[0] == UInt8(ascii: "H") else { throw .malformed("invalid status line") }
            guard
                let line = try scanner.nextLine(
                    in: section, bound: limits.targetBytes + 2, excess: .targetTooLong)
            else { return false }
            let head = heads.take()
            partial = head
            framing.reset()
            fieldCount = 0
            try StartLine.readStatus(section.extracting(line), into: head)
            scanner.mark()
        }
        guard let head = partial,
            try readFields(section, into: head, bound: limits.headBytes, isTrailer: false)
        else { return false }
        try framing.finish(head, role: .client, optionLimit: limits.fieldCount)
        if head.status == 101, !isAcceptance(head) { throw .malformed("101 without an upgrade") }
        if isConnect, head.status >= 200, head.status < 300 { throw .malformed("a tunnel") }
        if head.status < 200, head.status != 101 {
            interimCount += 1
            guard interimCount <= limits.interimResponses else {
                throw .malformed("too many interim responses")
            }
        }
        taken += scanner.position
        scanner.reset()
        fieldCount = 0
        partial = nil
        if head.status == 101 {
            tunnelOpened(head)
        } else if head.status < 200 {
            events.append(.interim(current, head))
        } else {
            responseBegan(head)
        }
        return true
    }

    /// RFC 9112 section 6.3.
    private func responseBegan(_ head: Head) {
        let isEnd: Bool
        if isHeadRequest || head.status == 204 || head.status == 304 {
            reading = .complete
            isEnd = true
        } else if !framing.isChunked && head.contentLength == nil {
            reading = .untilClose
            isEnd = false
        } else {
            isEnd = beginBody(of: head)
        }
        if asksForTunnel || reading == .untilClose || !framing.persists(isHTTP10: head.isHTTP10) {
            stopReuse()
        }
        if isEnd { announceLast() }
        events.append(.head(current, head, isEnd: isEnd))
        if isEnd { responseEnded() }
    }

    /// Takes the connection out of use behind this response, and says so once.
    func stopReuse() {
        if persists { events.append(.goingAway) }
        persists = false
    }

    /// In front of the event that ends the response: a request of which something is still unsent
    /// cannot be left half on the wire, so the connection ends with it.
    func announceLast() {
        if !hasRequestLeft { stopReuse() }
    }

    private var hasRequestLeft: Bool { writing == .complete && pending.isEmpty }

    /// The response is complete, and so is the exchange: what is unsent of the request has no
    /// reader.
    func responseEnded() {
        isOpen = false
        reading = .complete
        writing = .waiting
        pending.removeAll(keepingCapacity: 16_384)
        pendingBody = 0
        events.append(.closed(current))
        if !persists || isShuttingDown {
            isFinished = true
            reading = .ignoring
        }
    }

    /// The upstream has sent its last byte.
    func responsesEnded() {
        switch reading {
        case .tunnel: tunnelEnded()
        case .untilClose:
            announceLast()
            events.append(.end(current, trailers: nil))
            responseEnded()
        case .complete where !isOpen:
            abandon()
            events.append(.goingAway)
        case .head: fail("end of file in front of the response")
        default: fail("end of file inside the response")
        }
    }
}
