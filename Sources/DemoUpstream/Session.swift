import HTTP
import Kernel

/// What one connection asks and is answered: events of the codec in, answers out. It holds no
/// socket and takes the time as an argument.
///
///     idle ──head──▶ reading ──end──▶ answering ──last event of a stream──▶ idle
///                       └──too long, refused──▶ answering
final class Session {
    /// The time between two events of a stream.
    static let pace = 20

    private let codec: any Codec
    private let heads: HeadPool
    private let files: FileShelf
    private var request = Request()
    /// The stream whose request is being read or answered.
    private var stream: StreamID?
    private var isAnswered = false
    private var began = Instant(nanoseconds: 0)
    private var answer: Answer?
    private var sentEvents = 0
    /// When the next event of the stream is to be sent; nil when none is waiting.
    private(set) var nextDue: Instant?

    init(codec: any Codec, heads: HeadPool, files: FileShelf) {
        self.codec = codec
        self.heads = heads
        self.files = files
    }

    /// Nothing is being read or answered.
    var isIdle: Bool { codec.openStreams == 0 && !codec.hasOutput }
    var isFinished: Bool { codec.isFinished && !codec.hasOutput }

    /// Returns how many of `bytes` are done with.
    func receive(_ bytes: Span<UInt8>, at now: Instant) -> Int {
        let taken = codec.receive(bytes, at: now)
        handleEvents(bytes, at: now)
        return taken
    }

    func receivedEndOfFile(at now: Instant) {
        codec.receivedEndOfFile()
        handleEvents(Span(), at: now)
    }

    /// Appends what goes over the wire to `output`.
    func write(into output: inout ByteBuffer, limit: Int, at now: Instant) {
        while output.count < limit, codec.write(into: &output, limit: limit) {}
        handleEvents(Span(), at: now)
    }

    func shutDown() { codec.shutDown() }

    /// Sends the events of a stream that are due.
    func advance(at now: Instant) {
        guard let answer, let stream else { return }
        while let due = nextDue, due <= now {
            codec.send(answer.events[sentEvents].utf8.span, on: stream)
            sentEvents += 1
            if sentEvents == answer.events.count {
                self.answer = nil
                nextDue = nil
                codec.sendEnd(on: stream, trailers: nil)
            } else {
                nextDue = due.advanced(milliseconds: Self.pace)
            }
        }
    }

    private func handleEvents(_ bytes: Span<UInt8>, at now: Instant) {
        while let event = codec.nextEvent() {
            switch event {
            case .head(let id, let head, let isEnd): begin(id, head, isEnd: isEnd, at: now)
            case .body(let id, let range): read(bytes.extracting(range), on: id, at: now)
            case .end(let id, let trailers):
                if let trailers { heads.giveBack(trailers) }
                if id == stream { respond(at: now) }
            case .refused(let id, let fault):
                stream = id
                isAnswered = false
                began = now
                send(Answer.refusal(fault), at: now)
            case .reset(let id, _, _), .closed(let id):
                if id == stream { forget() }
            case .failed: forget()
            case .interim(_, let head): heads.giveBack(head)
            case .drained, .goingAway: break
            }
        }
    }

    private func begin(_ id: StreamID, _ head: Head, isEnd: Bool, at now: Instant) {
        stream = id
        isAnswered = false
        began = now
        request = Request(head)
        let length = head.contentLength ?? 0
        let isExpecting = head.fields.contains(.expect)
        heads.giveBack(head)
        if length > Request.bodyLimit {
            send(Answer.tooLarge(), at: now)
        } else if isEnd {
            respond(at: now)
        } else if isExpecting {
            codec.sendInterim(100, on: id)
        }
    }

    private func read(_ piece: Span<UInt8>, on id: StreamID, at now: Instant) {
        codec.credit(piece.count, on: id)
        guard id == stream, !isAnswered else { return }
        if request.body.count + piece.count > Request.bodyLimit {
            send(Answer.tooLarge(), at: now)
        } else {
            request.body.append(piece)
        }
    }

    private func respond(at now: Instant) {
        guard !isAnswered else { return }
        let answer = Answer.make(request, files: files)
        send(answer, at: now)
    }

    private func send(_ answer: Answer, at now: Instant) {
        guard let stream else { return }
        isAnswered = true
        let isStream = !answer.events.isEmpty
        let head = heads.take()
        head.status = answer.status
        if !isStream { head.contentLength = answer.body.count }
        head.fields.append(.contentType, answer.contentType)
        if isStream { head.fields.append(.cacheControl, "no-cache") }
        head.fields.append(.xRequestID) { $0.append(utf8: answer.requestID) }
        head.fields.append("openai-version", "2020-10-01")
        head.fields.append("openai-processing-ms") {
            $0.append(decimal: UInt(now.since(began) / 1_000_000))
        }
        let isBodiless = request.method == .head || (!isStream && answer.body.isEmpty)
        codec.respond(head, on: stream, isEnd: isBodiless)
        heads.giveBack(head)
        if isBodiless { return }
        if isStream {
            self.answer = answer
            sentEvents = 0
            nextDue = now
            advance(at: now)
        } else {
            send(answer.body, on: stream)
        }
    }

    private func send(_ body: borrowing ByteBuffer, on stream: StreamID) {
        codec.send(body.bytes, on: stream)
        codec.sendEnd(on: stream, trailers: nil)
    }

    private func forget() {
        stream = nil
        answer = nil
        nextDue = nil
        request = Request()
    }
}

extension Answer {
    fileprivate static func tooLarge() -> Answer {
        let answer = failure(
            413, "The request body is larger than \(Request.bodyLimit) bytes.", code: nil)
        answer.requestID = "req_demo"
        return answer
    }

    /// What the codec would not take as a request.
    fileprivate static func refusal(_ fault: MessageFault) -> Answer {
        let status: Int
        let message: String
        switch fault {
        case .malformed(let rule): (status, message) = (400, "Malformed request: \(rule).")
        case .targetTooLong: (status, message) = (414, "The request target is too long.")
        case .fieldsTooLarge: (status, message) = (431, "The request fields are too large.")
        case .unsupportedVersion: (status, message) = (505, "Only HTTP/1.1 is spoken here.")
        case .timedOut: (status, message) = (408, "The request head took too long.")
        case .expectationFailed: (status, message) = (417, "The expectation cannot be met.")
        }
        let answer = failure(status, message, code: nil)
        answer.requestID = "req_demo"
        return answer
    }
}
