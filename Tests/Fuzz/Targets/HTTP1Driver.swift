import HTTP
import Kernel

/// One HTTP/1.1 codec with the connection around it: keeps what was not taken, handles events,
/// takes the output.
final class HTTP1Driver {
    /// When a server answers.
    enum Answering { case never, atHead, atEnd }

    let codec: HTTP1Codec
    private let role: Role
    private let heads = HeadPool()
    private let answering: Answering
    private var held: [UInt8] = []
    private var law: EventLaw
    private(set) var transcript = Transcript()
    private(set) var output: [UInt8] = []
    /// The first message that was received.
    private(set) var first = Message()
    private(set) var isRefused = false

    init(_ role: Role, limits: CodecLimits = CodecLimits(), answering: Answering = .never) {
        codec = HTTP1Codec(role: role, limits: limits, heads: heads, isSecure: true)
        self.role = role
        law = EventLaw(role: role)
        self.answering = answering
    }

    var heldCount: Int { held.count }

    func open(_ method: HTTP.Method) throws(Violation) {
        let head = Head()
        head.method = method
        head.isSecure = true
        head.authority.append("a.example")
        head.target.append("/")
        guard let stream = codec.open(head, isEnd: true) else {
            throw Violation("a fresh connection takes no request")
        }
        law.opened(stream)
        try pump()
    }

    func receive(_ cuts: Cuts) throws(Violation) {
        for piece in cuts.pieces {
            held.append(contentsOf: piece)
            try pump()
        }
    }

    func receiveEndOfFile() throws(Violation) {
        codec.receivedEndOfFile()
        try pump()
        try require(codec.isFinished, "not finished at the end of the file")
        try require(codec.uncreditedBytes == 0, "bytes that were credited are missed")
        try require(!codec.hasUnfinishedHead, "a head begun behind the end of the file")
    }

    /// Lets the codec work until it stands still.
    func pump() throws(Violation) {
        while true {
            // Memory of just this size, gone when the events are handled.
            let lent = Array(held[...])
            let taken = codec.receive(lent.span, at: Instant(nanoseconds: 0))
            try require((0...lent.count).contains(taken), "took \(taken) of \(lent.count)")
            var hasMoved = try handleEvents(lent, available: taken)
            held.removeFirst(taken)
            if flush() { hasMoved = true }
            if try handleEvents([], available: 0) { hasMoved = true }
            if !hasMoved, taken == 0 || held.isEmpty { return }
        }
    }

    private func flush() -> Bool {
        var portion = ByteBuffer()
        while codec.hasOutput {
            let before = portion.count
            _ = codec.write(into: &portion, limit: .max)
            if portion.count == before { break }
        }
        output.append(contentsOf: portion.bytes.array)
        return !portion.isEmpty
    }

    private func handleEvents(_ input: [UInt8], available: Int) throws(Violation) -> Bool {
        var any = false
        while let event = codec.nextEvent() {
            any = true
            try law.admit(event, available: available)
            transcript.note(event, in: input)
            let isKept = first.take(event, in: input)
            switch event {
            case .head(let stream, let head, let isEnd):
                if isEnd || answering == .atHead { answer(stream, 200) }
                if !isKept { heads.giveBack(head) }
            case .interim(_, let head): heads.giveBack(head)
            case .body(let stream, let range): codec.credit(range.count, on: stream)
            case .end(let stream, let trailers):
                answer(stream, 200)
                if let trailers, !isKept { heads.giveBack(trailers) }
            case .refused(let stream, _):
                isRefused = true
                answer(stream, 400)
            default: break
            }
        }
        return any
    }

    private func answer(_ stream: StreamID, _ status: Int) {
        guard answering != .never else { return }
        let head = Head()
        head.status = status
        head.contentLength = 2
        codec.respond(head, on: stream, isEnd: false)
        codec.send("ok".utf8.span, on: stream)
        codec.sendEnd(on: stream, trailers: nil)
    }

    /// Sends `message` on as a request, or as the answer to the one received.
    func send(_ message: Message) throws(Violation) {
        guard let head = message.head else { return }
        let isEnd = message.body.isEmpty && message.trailers == nil && head.contentLength == nil
        var stream = StreamID(1)
        if role == .client {
            guard let opened = codec.open(head, isEnd: isEnd) else {
                throw Violation("a fresh connection takes no request")
            }
            stream = opened
            law.opened(stream)
        } else {
            codec.respond(head, on: stream, isEnd: isEnd)
        }
        if !isEnd {
            codec.send(message.body.span, on: stream)
            codec.sendEnd(on: stream, trailers: message.trailers)
        }
        try pump()
    }
}
