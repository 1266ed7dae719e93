import CNghttp2
import HTTP
import Kernel

/// What the driver sends, and what libnghttp2 asks and reports while it writes.
extension HTTP2Codec {
    public func open(_ head: Head, isEnd: Bool) -> StreamID? {
        guard availableStreams > 0 else { return nil }
        fieldBlock.setRequest(head)
        let id = session.submitRequest(fieldBlock, hasBody: !isEnd)
        guard id > 0 else { return nil }
        let stream = memory.takeStream()
        stream.id = StreamID(id)
        stream.hasBody = !isEnd
        stream.isComplete = isEnd
        stream.isTunnel = head.isWebSocket
        streams.insert(stream)
        uselessFrames.give(budgets.uselessFramesPerRequest)
        return stream.id
    }

    public func respond(_ head: Head, on stream: StreamID, isEnd: Bool) {
        guard role == .server, let stream = writable(stream), !stream.hasFinalHead else { return }
        fieldBlock.setResponse(head)
        stream.hasFinalHead = true
        stream.hasBody = !isEnd
        stream.isComplete = isEnd
        stream.isTunnel = head.isWebSocket && head.status == 200
        if !session.submitResponse(fieldBlock, on: stream.id.rawValue, hasBody: !isEnd) {
            breakOff(stream)
        }
    }

    public func sendInterim(_ status: Int, on stream: StreamID) {
        guard role == .server, let stream = writable(stream), !stream.hasFinalHead else { return }
        fieldBlock.setInterim(status)
        session.submitInterim(fieldBlock, on: stream.id.rawValue)
    }

    public func send(_ bytes: Span<UInt8>, on stream: StreamID) {
        guard !bytes.isEmpty, let stream = writable(stream), stream.hasBody, !stream.isComplete
        else { return }
        stream.outgoing.append(bytes)
        resume(stream)
    }

    public func sendEnd(on stream: StreamID, trailers: Head?) {
        guard let stream = writable(stream), stream.hasBody, !stream.isComplete else { return }
        stream.isComplete = true
        if let trailers, trailers.fields.count > 0 {
            let copy = heads.take()
            var index = 0
            while index < trailers.fields.count {
                copy.fields.append(field: index, of: trailers.fields)
                index += 1
            }
            stream.trailers = copy
        }
        resume(stream)
    }

    public func reset(_ stream: StreamID, _ reason: ResetReason) {
        dropEvents(of: stream)
        guard !hasFailed, let found = streams.find(stream.rawValue), !found.isMute else { return }
        silence(found)
        found.isResetByUs = true
        session.reset(stream.rawValue, reason.code)
    }

    public func pendingBytes(of stream: StreamID) -> Int {
        streams.find(stream.rawValue)?.outgoing.count ?? 0
    }

    public func write(into output: inout ByteBuffer, limit: Int) -> Bool {
        swap(&output, &self.output)
        defer { swap(&output, &self.output) }
        outputLimit = limit
        writeSerial += 1
        while hasOutput, self.output.count < limit || owedResets > 0 {
            let next = unsafe session.nextBytes()
            if unsafe next.status > 0 {
                unsafe self.output.append(next.bytes)
            } else if unsafe next.status < 0 {
                fail(.unusable)
            }
            if settleFailure() { continue }
            if unsafe next.status <= 0 { break }
        }
        return hasOutput
    }

    private func writable(_ id: StreamID) -> Stream? {
        guard !hasFailed, let stream = streams.find(id.rawValue), !stream.isMute else { return nil }
        return stream
    }

    private func resume(_ stream: Stream) {
        guard stream.isDeferred else { return }
        stream.isDeferred = false
        session.resume(stream.id.rawValue)
    }

    /// Breaks a stream off because it cannot be sent.
    private func breakOff(_ stream: Stream) {
        session.reset(stream.id.rawValue, NGHTTP2_INTERNAL_ERROR.rawValue)
        stream.isResetByUs = true
    }

    /// Takes every event of one stream out of the queue. Body bytes nobody will see are credited
    /// here.
    private func dropEvents(of stream: StreamID) {
        guard !events.isEmpty else { return }
        var kept = EventQueue()
        while let event = events.next() {
            guard event.stream == stream else {
                kept.append(event)
                continue
            }
            switch event {
            case .head(_, let head, _), .interim(_, let head): heads.giveBack(head)
            case .end(_, let trailers): giveBack(trailers)
            case .body(_, let range): if !hasFailed { session.consumeConnection(range.count) }
            default: break
            }
        }
        swap(&events, &kept)
    }

    enum NextData {
        case bytes(Int, isEnd: Bool, trailersFollow: Bool)
        /// There are none now; `resume` will say when.
        case later
        case broken
    }

    /// How many bytes of a stream, at most `room`, go into its next DATA frame.
    func nextData(of id: Int32, room: Int) -> NextData {
        guard let stream = streams.find(id), !stream.isMute else { return .broken }
        let count = min(room, stream.outgoing.count)
        let isEnd = stream.isComplete && count == stream.outgoing.count
        if count == 0, !isEnd {
            stream.isDeferred = true
            return .later
        }
        guard isEnd, let trailers = stream.trailers.take() else {
            return .bytes(count, isEnd: isEnd, trailersFollow: false)
        }
        fieldBlock.setTrailers(trailers)
        let isSubmitted = fieldBlock.count > 0 && session.submitTrailers(fieldBlock, on: id)
        heads.giveBack(trailers)
        return .bytes(count, isEnd: true, trailersFollow: isSubmitted)
    }

    enum SentData { case goOn, pause, giveUp }

    /// Appends one DATA frame to the output.
    func sendData(_ header: Span<UInt8>, count: Int, of id: Int32) -> SentData {
        guard let stream = streams.find(id), stream.outgoing.count >= count else { return .giveUp }
        output.reserve(header.count + count)
        output.append(header)
        if count > 0 {
            output.append(first: count, of: stream.outgoing)
            stream.outgoing.consume(count)
            if stream.outgoing.isEmpty { stream.outgoing.removeAll(keepingCapacity: 16_384) }
            uselessFrames.give(budgets.uselessFramesPerDataFrame)
            if stream.drainedSerial != writeSerial, isAlive {
                stream.drainedSerial = writeSerial
                events.append(.drained(stream.id))
            }
        }
        if output.count < outputLimit { return .goOn }
        // RST_STREAM(NO_ERROR) is to follow in the same call, see `endSent`.
        return header[4].endsStream && isAnswering(stream) ? .goOn : .pause
    }

    func frameSent(type: UInt8, flags: UInt8, on id: Int32, goAwayCode: UInt32) {
        switch UInt32(type) {
        case NGHTTP2_DATA.rawValue, NGHTTP2_HEADERS.rawValue:
            if flags.endsStream { endSent(id) }
        case NGHTTP2_RST_STREAM.rawValue:
            let isOurWish = streams.find(id)?.isResetByUs ?? false
            if role == .server, !isOurWish, !resets.take(at: now) {
                fail(.calm("too many streams had to be reset"))
            }
        case NGHTTP2_GOAWAY.rawValue:
            if goAwayCode != NGHTTP2_NO_ERROR.rawValue, !hasFailed {
                fail(ConnectionFailure(goAwayCode: goAwayCode))
            }
        default:
            break
        }
    }

    /// Our message is complete. If the request is not, the client may stop sending it (RFC 9113
    /// section 8.1): RST_STREAM(NO_ERROR) follows, in the same call of `write`. Otherwise the
    /// client, for which the stream may be over with our END_STREAM, could open the next one while
    /// libnghttp2 still counts this one, and would be told off for a stream too many.
    private func endSent(_ id: Int32) {
        guard let stream = streams.find(id) else { return }
        let isAnswering = isAnswering(stream)
        stream.hasSentEnd = true
        guard isAnswering else { return }
        stream.isResetByUs = true
        stream.isDiscarding = true
        stream.isResetOwed = true
        owedResets += 1
        session.reset(id, NGHTTP2_NO_ERROR.rawValue)
    }

    /// Whether the end of our message would be an answer to a request that is not complete.
    private func isAnswering(_ stream: Stream) -> Bool {
        role == .server && !stream.hasReceivedEnd && !stream.isMute && !stream.isTunnel
    }

    /// A head that could not be sent leaves its stream without an end.
    func frameNotSent(type: UInt8, on id: Int32) {
        guard UInt32(type) == NGHTTP2_HEADERS.rawValue, role == .server,
            let stream = streams.find(id), !stream.isMute
        else { return }
        breakOff(stream)
    }
}

extension CodecEvent {
    /// The stream the event names.
    fileprivate var stream: StreamID? {
        switch self {
        case .head(let id, _, _), .interim(let id, _), .body(let id, _), .end(let id, _),
            .reset(let id, _, _), .refused(let id, _), .drained(let id), .closed(let id):
            id
        case .goingAway, .failed: nil
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func append(first count: Int, of other: borrowing ByteBuffer) {
        append(other.slice(0..<count))
    }
}
