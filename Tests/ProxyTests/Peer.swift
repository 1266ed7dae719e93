import HTTP
import HTTP2
import Kernel
import Policies

@testable import Proxy

/// A message as its receiver has seen it so far.
struct Message {
    var status = 0
    var target = ""
    var method = Method.other
    var fields: [String: String] = [:]
    var body: [UInt8] = []
    var isComplete = false
    var isBroken = false
    var isClosed = false
    var isReset = false
    var isTunnel = false
}

/// Body bytes still to be sent.
struct Sending {
    var body: [UInt8]
    var sent = 0
    var endsAt: Int
}

/// What speaks with the gateway at the other end of a line: a client or an upstream.
final class Peer {
    let line: Line
    let codec: any Codec
    private let heads = HeadPool()
    private var inbound = ByteBuffer()
    var messages: [Int32: Message] = [:]
    private var sendings: [Int32: Sending] = [:]
    /// Received and not yet credited, while `isLazy`.
    private var owed: [Int32: Int] = [:]
    /// Reads nothing from the line.
    var isStalled = false
    /// Gives no credit for body bytes.
    var isLazy = false
    var isGoingAway = false
    var hasFailed = false
    /// Bytes moved at once.
    var stride = 16_384
    var onHead: (Peer, StreamID) -> Void = { _, _ in }
    var onEnd: (Peer, StreamID) -> Void = { _, _ in }

    init(_ role: Role, _ line: Line, isHTTP2: Bool, limits: CodecLimits = CodecLimits()) {
        self.line = line
        codec =
            isHTTP2
            ? HTTP2Codec(role: role, limits: limits, heads: heads, isSecure: false)!
            : HTTP1Codec(role: role, limits: limits, heads: heads, isSecure: false)
    }

    // MARK: Sending

    @discardableResult
    func request(
        _ method: Method, _ target: String, fields: [(String, String)] = [], body: [UInt8]? = nil,
        length: Int? = nil, endsAt: Int = .max, isWebSocket: Bool = false
    ) -> StreamID? {
        let head = heads.take()
        head.method = method
        head.isWebSocket = isWebSocket
        head.target.append(utf8: target)
        head.authority.append("gateway")
        head.fields.append(.authorization, "Bearer sk-test")
        for (name, value) in fields {
            head.fields.append(name: name.utf8.span, value: value.utf8.span)
        }
        head.contentLength = length
        let stream = codec.open(head, isEnd: body == nil && !isWebSocket)
        heads.giveBack(head)
        guard let stream else { return nil }
        messages[stream.rawValue] = Message()
        if let body { sendings[stream.rawValue] = Sending(body: body, endsAt: endsAt) }
        return stream
    }

    func respond(
        _ status: Int, on stream: StreamID, body: [UInt8], type: String = "text/plain",
        length: Int? = nil, endsAt: Int = .max
    ) {
        let head = heads.take()
        head.status = status
        head.contentLength = length
        head.fields.append(name: "content-type".utf8.span, value: type.utf8.span)
        let isHead = messages[stream.rawValue]?.method == .head
        codec.respond(head, on: stream, isEnd: isHead)
        heads.giveBack(head)
        if !isHead { sendings[stream.rawValue] = Sending(body: body, endsAt: endsAt) }
    }

    /// Opens a WebSocket; `onHead` tells when it is accepted, or not.
    @discardableResult
    func openWebSocket(_ target: String = "/v1/realtime") -> StreamID? {
        var fields = [("sec-websocket-version", "13")]
        if !(codec is HTTP2Codec) {
            fields.append(("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="))
        }
        return request(.get, target, fields: fields, isWebSocket: true)
    }

    /// Agrees to a WebSocket, with `accept` as the proof in place of the right one.
    func acceptWebSocket(_ stream: StreamID, accept: String? = nil) {
        let isHTTP2 = codec is HTTP2Codec
        let head = heads.take()
        head.status = isHTTP2 ? 200 : 101
        head.isWebSocket = true
        if let accept {
            head.fields.append(name: "sec-websocket-accept".utf8.span, value: accept.utf8.span)
        } else if let key = messages[stream.rawValue]?.fields["sec-websocket-key"] {
            var request = Fields()
            request.append(name: "sec-websocket-key".utf8.span, value: key.utf8.span)
            _ = WebSocketHandshake.appendAnswer(
                Fields(), to: request, isHTTP2: isHTTP2, into: &head.fields)
        }
        codec.respond(head, on: stream, isEnd: false)
        heads.giveBack(head)
    }

    /// Sends a body, or what a tunnel carries; its end follows unless `endsAt` is reached before.
    func send(_ body: [UInt8], on stream: StreamID, endsAt: Int = .max) {
        sendings[stream.rawValue] = Sending(body: body, endsAt: endsAt)
    }

    func reset(_ stream: StreamID) {
        sendings[stream.rawValue] = nil
        codec.reset(stream, .cancel)
        codec.credit(owed.removeValue(forKey: stream.rawValue) ?? 0, on: stream)
    }

    func catchUp() {
        isLazy = false
        for (stream, count) in owed { codec.credit(count, on: StreamID(stream)) }
        owed = [:]
    }

    private func sendOn() {
        for (stream, sending) in sendings {
            let id = StreamID(stream)
            var sending = sending
            while sending.sent < min(sending.body.count, sending.endsAt),
                codec.pendingBytes(of: id) < 32_768
            {
                let end = min(sending.sent + stride, min(sending.body.count, sending.endsAt))
                codec.send(sending.body.span.extracting(sending.sent..<end), on: id)
                sending.sent = end
            }
            sendings[stream] = sending
            if sending.sent == sending.body.count {
                codec.sendEnd(on: id, trailers: nil)
                sendings[stream] = nil
            }
        }
    }

    // MARK: Working

    /// Reads, thinks and writes once. Returns whether anything moved.
    func work(at now: Instant) -> Bool {
        var hasMoved = read(at: now)
        handleEvents()
        sendOn()
        hasMoved = write() || hasMoved
        handleEvents()
        return hasMoved
    }

    private func read(at now: Instant) -> Bool {
        guard !isStalled else { return false }
        var hasMoved = false
        let wasFull = line.leaving.count >= line.capacity
        let count = min(stride, line.leaving.count)
        if count > 0 {
            inbound.append(0..<count, of: line.leaving)
            line.leaving.consume(count)
            if wasFull { line.isNewlyWritable = true }
            hasMoved = true
        }
        if !inbound.isEmpty {
            let taken = inbound.withBytes { codec.receive($0, at: now) }
            handleEvents()
            inbound.consume(taken)
            if taken > 0 { hasMoved = true }
        }
        if line.hasGatewayEnded, line.leaving.isEmpty, !codec.isFinished {
            codec.receivedEndOfFile()
            handleEvents()
        }
        return hasMoved
    }

    private func write() -> Bool {
        let room = min(line.capacity - line.arriving.count, stride)
        defer { if codec.hasSaidAll { line.endByPeer() } }
        guard room > 0, codec.hasOutput, !line.hasPeerEnded else { return false }
        var output = ByteBuffer()
        _ = codec.write(into: &output, limit: room)
        guard !output.isEmpty else { return false }
        line.arriving.append(output)
        line.isNewlyReadable = true
        return true
    }

    private func handleEvents() {
        while let event = codec.nextEvent() { handle(event) }
    }

    private func handle(_ event: CodecEvent) {
        switch event {
        case .head(let stream, let head, let isEnd):
            let isHandshake = head.isWebSocket
            note(head, on: stream)
            onHead(self, stream)
            if isEnd, !isHandshake { ended(stream) }
        case .body(let stream, let range):
            inbound.withSlice(range) { bytes in
                for index in 0..<bytes.count {
                    messages[stream.rawValue]?.body.append(bytes[index])
                }
            }
            if isLazy {
                owed[stream.rawValue, default: 0] += range.count
            } else {
                codec.credit(range.count, on: stream)
            }
        case .end(let stream, _): ended(stream)
        case .reset(let stream, _, _), .refused(let stream, _): broken(stream.rawValue)
        case .closed(let stream): messages[stream.rawValue]?.isClosed = true
        case .goingAway: isGoingAway = true
        case .failed:
            hasFailed = true
            for stream in messages.keys { broken(stream) }
        case .interim(_, let head): heads.giveBack(head)
        case .drained: break
        }
    }

    private func note(_ head: Head, on stream: StreamID) {
        var message = messages[stream.rawValue] ?? Message()
        message.status = head.status
        message.method = head.method
        message.target = head.target.text
        message.isTunnel = head.isWebSocket
        for index in 0..<head.fields.count {
            let name = head.fields.name(at: index).text
            message.fields[name] = head.fields.value(at: index).text
        }
        messages[stream.rawValue] = message
        heads.giveBack(head)
    }

    private func ended(_ stream: StreamID) {
        messages[stream.rawValue]?.isComplete = true
        onEnd(self, stream)
    }

    private func broken(_ stream: Int32) {
        messages[stream]?.isReset = true
        guard messages[stream]?.isComplete == false else { return }
        messages[stream]?.isBroken = true
        sendings[stream] = nil
    }
}
