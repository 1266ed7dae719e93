import HTTP
import Kernel

/// One reader of the metrics: asks over HTTP/1.1, as often as it likes.
final class MetricsConnection {
    private static let readBytes = 16_384
    /// Requests that are sent ahead of the answers; more waits in the kernel.
    private static let inputBound = 65_536

    private let socket: Socket
    private let codec: HTTP1Codec
    private let heads: HeadPool
    private let timeout: Int
    private let page: () -> ByteBuffer
    private var input = ByteBuffer()
    private var output = ByteBuffer()
    private var deadline: Instant
    private var hasEnded = false
    private var isBroken = false

    init(
        _ socket: consuming Socket, heads: HeadPool, timeout: Int, at now: Instant,
        page: @escaping () -> ByteBuffer
    ) {
        self.socket = socket
        self.heads = heads
        self.timeout = timeout
        self.page = page
        var limits = CodecLimits()
        limits.headBytes = 16_384
        codec = HTTP1Codec(role: .server, limits: limits, heads: heads, isSecure: false)
        deadline = now.advanced(milliseconds: timeout)
    }

    var descriptor: Int32 { socket.descriptor }

    func isOver(at now: Instant) -> Bool {
        if isBroken || deadline <= now { return true }
        return output.isEmpty && !codec.hasOutput && (hasEnded || codec.isFinished)
    }

    /// Reads, answers and writes until the kernel has no more to give or to take.
    func progress(at now: Instant) {
        repeat {
            read()
            answer(at: now)
        } while write(at: now)
        if codec.isFinished, output.isEmpty, !isBroken { socket.shutDownWriting() }
    }

    private func read() {
        while !hasEnded, !isBroken, input.count < Self.inputBound {
            switch socket.read(into: &input, atMost: Self.readBytes) {
            case .bytes: continue
            case .wouldBlock: return
            case .endOfFile:
                hasEnded = true
                codec.receivedEndOfFile()
            case .failed: isBroken = true
            }
        }
    }

    private func answer(at now: Instant) {
        input.consume(input.withBytes { codec.receive($0, at: now) })
        while let event = codec.nextEvent() {
            switch event {
            case .head(let stream, let head, _):
                answer(head, on: stream)
                heads.giveBack(head)
            case .body(let stream, let range): codec.credit(range.count, on: stream)
            case .end(_, let trailers): if let trailers { heads.giveBack(trailers) }
            case .refused(let stream, _): send(400, "Bad request.\n", on: stream)
            case .interim(_, let head): heads.giveBack(head)
            case .reset, .failed: isBroken = true
            case .drained, .closed, .goingAway: break
            }
        }
    }

    private func answer(_ request: Head, on stream: StreamID) {
        let isOurs = request.target.withSlice(0..<request.pathCount) { $0.equals("/metrics") }
        let isHead = request.method == .head
        if !isOurs {
            send(404, "Not found. See /metrics.\n", on: stream, isBodyless: isHead)
        } else if request.method != .get, !isHead {
            send(405, "Only GET and HEAD.\n", on: stream)
        } else {
            let type: StaticString = "text/plain; version=0.0.4; charset=utf-8"
            send(200, type, page(), on: stream, isBodyless: isHead)
        }
    }

    private func send(
        _ status: Int, _ text: StaticString, on stream: StreamID, isBodyless: Bool = false
    ) {
        var body = ByteBuffer()
        body.append(text)
        send(status, "text/plain", body, on: stream, isBodyless: isBodyless)
    }

    private func send(
        _ status: Int, _ type: StaticString, _ body: consuming ByteBuffer, on stream: StreamID,
        isBodyless: Bool
    ) {
        let head = heads.take()
        head.status = status
        head.contentLength = body.count
        head.fields.append(.contentType, type)
        if status == 405 { head.fields.append("allow", "GET, HEAD") }
        codec.respond(head, on: stream, isEnd: isBodyless)
        heads.giveBack(head)
        guard !isBodyless else { return }
        codec.send(body.bytes, on: stream)
        codec.sendEnd(on: stream, trailers: nil)
    }

    /// Returns whether a request may now be looked at that waited behind an answer.
    private func write(at now: Instant) -> Bool {
        var hasWritten = false
        while !isBroken {
            _ = codec.write(into: &output, limit: Self.inputBound)
            if output.isEmpty { return hasWritten && !input.isEmpty }
            switch socket.write(output.bytes) {
            case .wrote(let count):
                output.consume(count)
                hasWritten = true
                deadline = now.advanced(milliseconds: timeout)
            case .wouldBlock: return false
            case .failed: isBroken = true
            }
        }
        return false
    }
}
