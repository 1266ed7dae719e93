import CNghttp2
import HTTP
import Kernel

/// What libnghttp2 reports while it parses.
extension HTTP2Codec {
    /// Charges the frame. What proves useful is given back: DATA with bytes, a request's head.
    func frameBegan(type: UInt8, flags: UInt8, length: Int) {
        reportedFrames += 1
        isDataFrameUnproved = false
        if UInt32(type) == NGHTTP2_DATA.rawValue {
            if flags.endsStream { return }
            isDataFrameUnproved = length > 0
        }
        chargeUselessFrame()
    }

    func blockBegan(_ id: Int32, isRequest: Bool) {
        giveBack(block.abandon())
        guard isAlive else { return }
        if isRequest {
            block.begin(.request, with: heads.take())
        } else if let stream = streams.find(id), !stream.isMute, !stream.isDiscarding {
            let isTrailing = role == .server || stream.hasFinalHead
            block.begin(isTrailing ? .trailers : .response, with: heads.take())
        }
    }

    /// Returns false when the rest of the block is not wanted: it is malformed, and its stream is
    /// being reset, or it is a decompression bomb.
    func fieldReceived(_ name: Span<UInt8>, _ value: Span<UInt8>, on id: Int32) -> Bool {
        if !block.isOpen {
            block.pass(name, value)
        } else if block.add(name, value, within: limits) != nil {
            malformed(id)
            return false
        }
        if block.isBomb(within: limits) {
            giveBack(block.abandon())
            fail(.calm("a head many times over its limit"))
            return false
        }
        return true
    }

    /// A malformed message is a stream error (RFC 9113 section 8.1.1).
    func malformed(_ id: Int32) {
        giveBack(block.abandon())
        session.reset(id, NGHTTP2_PROTOCOL_ERROR.rawValue)
        guard isAlive, let stream = streams.find(id), !stream.isMute else { return }
        events.append(.reset(stream.id, .protocolError, isUnprocessed: false))
        silence(stream)
    }

    func dataReceived(at address: UInt, count: Int, on id: Int32) {
        if isDataFrameUnproved {
            isDataFrameUnproved = false
            uselessFrames.give(1 + budgets.uselessFramesPerDataFrame)
        }
        guard isAlive, let stream = streams.find(id), !stream.isMute, !stream.isDiscarding else {
            // Nobody will credit these bytes; the connection's window must not lose them.
            session.consumeConnection(count)
            return
        }
        let start = Int(bitPattern: address &- inputAddress)
        events.append(.body(stream.id, start..<start + count))
    }

    /// A complete frame that libnghttp2 found in order.
    func frameReceived(type: UInt8, flags: UInt8, on id: Int32) {
        switch UInt32(type) {
        case NGHTTP2_HEADERS.rawValue:
            blockEnded(id, isEnd: flags.endsStream)
        case NGHTTP2_DATA.rawValue:
            guard flags.endsStream, let stream = streams.find(id) else { return }
            stream.hasReceivedEnd = true
            if isAlive, !stream.isMute, !stream.isDiscarding {
                events.append(.end(stream.id, trailers: nil))
            }
        case NGHTTP2_RST_STREAM.rawValue:
            if role == .server, !resets.take(at: now) {
                fail(.calm("too many streams were reset"))
            }
        case NGHTTP2_SETTINGS.rawValue:
            hasPeerSettings = true
        case NGHTTP2_GOAWAY.rawValue:
            guard role == .client, isAlive, !isGoingAway else { return }
            isGoingAway = true
            events.append(.goingAway)
        default:
            break
        }
    }

    private func blockEnded(_ id: Int32, isEnd: Bool) {
        let kind = block.kind
        let size = block.listBytes
        let outcome = block.finish(isSecure: isSecure)
        guard isAlive else { return recycle(outcome) }
        if kind == .request { return requestReceived(id, outcome, size: size, isEnd: isEnd) }
        guard let stream = streams.find(id) else { return recycle(outcome) }
        if isEnd { stream.hasReceivedEnd = true }
        switch (kind, outcome) {
        case (_, .nothing): break
        case (.trailers, .head(let trailers)):
            events.append(.end(stream.id, trailers: trailers))
        case (.response, .head(let head)):
            responseReceived(stream, head, isEnd: isEnd)
        case (.trailers, .refused(let fault, let head)) where role == .server:
            heads.giveBack(head)
            refuse(stream, fault)
        case (_, .refused(_, let head)), (_, .malformed(_, let head)), (_, .head(let head)):
            heads.giveBack(head)
            malformed(id)
        }
    }

    private func recycle(_ outcome: HeaderBlock.Outcome) {
        switch outcome {
        case .head(let head), .refused(_, let head), .malformed(_, let head):
            heads.giveBack(head)
        case .nothing: break
        }
    }

    private func requestReceived(
        _ id: Int32, _ outcome: HeaderBlock.Outcome, size: Int, isEnd: Bool
    ) {
        // The GOAWAY that calls this stream unprocessed may not have left yet: whoever sends the
        // request again because of it must not have it served twice. A head beyond what the
        // connection may hold may come again when others are over.
        if hasNamedLastStream || heldHeadBytes + size > limits.connectionHeadBytes {
            recycle(outcome)
            session.reset(id, NGHTTP2_REFUSED_STREAM.rawValue)
            return
        }
        switch outcome {
        case .head(let head):
            let stream = streamOpened(id, isEnd: isEnd)
            stream.headBytes = size
            heldHeadBytes += size
            uselessFrames.give(budgets.uselessFramesPerRequest)
            events.append(.head(stream.id, head, isEnd: isEnd))
        case .refused(let fault, let head):
            heads.giveBack(head)
            refuse(streamOpened(id, isEnd: isEnd), fault)
        case .malformed(_, let head):
            heads.giveBack(head)
            malformed(id)
        case .nothing:
            break
        }
    }

    /// The stream of a request that is to be answered; a malformed one never gets one.
    private func streamOpened(_ id: Int32, isEnd: Bool) -> Stream {
        let stream = memory.takeStream()
        stream.id = StreamID(id)
        stream.hasReceivedEnd = isEnd
        streams.insert(stream)
        session.shareEvenly(id)
        return stream
    }

    private func refuse(_ stream: Stream, _ fault: MessageFault) {
        stream.isDiscarding = true
        events.append(.refused(stream.id, fault))
    }

    private func responseReceived(_ stream: Stream, _ head: Head, isEnd: Bool) {
        if head.status >= 200 {
            stream.hasFinalHead = true
            head.isWebSocket = stream.isTunnel && head.status < 300 && !isEnd
            uselessFrames.give(budgets.uselessFramesPerRequest)
            events.append(.head(stream.id, head, isEnd: isEnd))
            return
        }
        stream.interimResponses += 1
        if stream.interimResponses <= limits.interimResponses {
            events.append(.interim(stream.id, head))
        } else {
            heads.giveBack(head)
            malformed(stream.id.rawValue)
        }
    }

    /// libnghttp2 has disposed of a stream, because both sides ended or because one broke it off.
    func streamClosed(_ id: Int32, _ code: UInt32) {
        guard let stream = streams.remove(id) else { return }
        heldHeadBytes -= stream.headBytes
        if stream.isResetOwed { owedResets -= 1 }
        if isAlive, !stream.isMute {
            let isAnswered = stream.hasReceivedEnd || stream.isResetByUs
            if code == NGHTTP2_NO_ERROR.rawValue, stream.hasSentEnd, isAnswered {
                events.append(.closed(stream.id))
            } else {
                // libnghttp2 closes streams above the last one of a GOAWAY with REFUSED_STREAM as
                // well.
                let isUnprocessed =
                    role == .client && code == NGHTTP2_REFUSED_STREAM.rawValue
                    && !stream.hasFinalHead
                events.append(
                    .reset(stream.id, ResetReason(code: code), isUnprocessed: isUnprocessed))
            }
        }
        giveBack(stream.trailers.take())
        memory.giveBack(stream)
    }

    /// Drops what a stream still had to send; no event names it any more.
    func silence(_ stream: Stream) {
        stream.isMute = true
        stream.outgoing.removeAll(keepingCapacity: 4_096)
        giveBack(stream.trailers.take())
    }
}

extension UInt8 {
    /// The flag END_STREAM of DATA and HEADERS.
    var endsStream: Bool { self & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 }
}
