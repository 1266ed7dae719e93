import Kernel

/// What both roles share in sending.
extension HTTP1Codec {
    public func send(_ bytes: Span<UInt8>, on stream: StreamID) {
        guard isOpen, stream == current, bytes.count > 0 else { return }
        switch writing {
        case .waiting, .complete, .bodiless: return
        case .length(let missing):
            // More than was announced would be read as the next message.
            guard bytes.count <= missing else {
                fail("body longer than its Content-Length")
                return
            }
            writing = .length(missing - bytes.count)
            pending.append(bytes)
        case .chunked:
            pending.appendChunk(bytes)
        case .untilClose, .tunnel:
            pending.append(bytes)
        }
        pendingBody += bytes.count
    }

    public func sendEnd(on stream: StreamID, trailers: Head?) {
        guard isOpen, stream == current else { return }
        switch writing {
        case .waiting, .complete: return
        case .bodiless, .untilClose, .tunnel: break
        case .length(let missing):
            // The rest would be taken from the next message.
            guard missing == 0 else {
                fail("body shorter than its Content-Length")
                return
            }
        case .chunked:
            pending.append("0\r\n")
            if let trailers { pending.append(trailers: trailers.fields) }
            pending.append("\r\n")
        }
        ownMessageEnded()
    }

    func ownMessageEnded() {
        writing = .complete
        if isTunnel {
            settleTunnel()
        } else if role == .server {
            serverMessageEnded()
        }
    }

    /// Whether the head can be said in HTTP/1.1 without its parts being read as others. The codecs
    /// that parsed it have checked this; it is checked again where it matters.
    func canWrite(_ head: Head, isEnd: Bool) -> Bool {
        if role == .server {
            guard (200...999).contains(head.status) else { return false }
            let isBodiless = isHeadRequest || head.status == 204 || head.status == 304
            if isEnd, !isBodiless, let length = head.contentLength, length > 0 { return false }
        } else {
            if isEnd, let length = head.contentLength, length > 0 { return false }
            guard head.method != .other || head.methodText.isToken else { return false }
            guard head.target.isTargetContent else { return false }
            guard head.authority.isEmpty || head.authority.isAuthority else { return false }
        }
        return head.contentLength ?? 0 >= 0 && head.fields.areWritable
    }

    public func pendingBytes(of stream: StreamID) -> Int {
        isOpen && stream == current ? pendingBody : 0
    }

    public var hasOutput: Bool { !pending.isEmpty }

    /// What is shorter is copied, not exchanged with the output: the exchange would leave the
    /// caller's buffer, which has grown for all connections, with this one. No connection keeps
    /// more between two messages.
    static let copiedBytes = 4_096

    public func write(into output: inout ByteBuffer, limit: Int) -> Bool {
        guard !pending.isEmpty else { return false }
        if output.isEmpty, pending.count > Self.copiedBytes, pending.count <= limit {
            swap(&output, &pending)
        } else {
            let count = min(pending.count, limit - output.count)
            guard count > 0 else { return true }
            output.append(pending.slice(0..<count))
            pending.consume(count)
        }
        hasSent = true
        if writing == .complete, pending.isEmpty {
            pending.removeAll(keepingCapacity: Self.copiedBytes)
        }
        if pendingBody > 0 {
            pendingBody = min(pendingBody, pending.count)
            events.append(.drained(current))
        }
        if isTunnel { settleTunnel() } else { settle() }
        return !pending.isEmpty
    }
}
