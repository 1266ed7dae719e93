import HTTP
import HTTP2
import Kernel

/// One HTTP/2 codec with the connection around it.
final class HTTP2Driver {
    let codec: HTTP2Codec
    /// Keeps nothing, so that a sanitizer sees every use behind a release.
    private let memory = HTTP2Memory(bound: 0)
    private let heads = HeadPool()
    private let limits: CodecLimits
    private let isAnswering: Bool
    private var law: EventLaw
    /// A body stands in front of the end of its stream. How much of one was seen before its stream
    /// broke off depends on how the bytes were cut.
    private(set) var transcript = Transcript()
    private var bodies: [StreamID: [UInt8]] = [:]
    private(set) var outputCount = 0
    private(set) var receivedCount = 0

    /// `isAnswering`: a server answers, a client sends its body; without, bytes only come in.
    init(_ role: Role, limits: CodecLimits = CodecLimits(), isAnswering: Bool) throws(Violation) {
        self.limits = limits
        self.isAnswering = isAnswering
        law = EventLaw(role: role)
        guard
            let made = HTTP2Codec(
                role: role, limits: limits, heads: heads, isSecure: true, memory: memory)
        else { throw Violation("no memory for a session") }
        codec = made
    }

    /// Opens a request, with a body unless `isEnd`.
    func open(_ method: HTTP.Method, isEnd: Bool) throws(Violation) {
        let head = Head()
        head.method = method
        head.isSecure = true
        head.authority.append("a.example")
        head.target.append("/v1")
        guard let stream = codec.open(head, isEnd: isEnd) else { return }
        law.opened(stream)
        if !isEnd, isAnswering {
            codec.send("a body".utf8.span, on: stream)
            codec.sendEnd(on: stream, trailers: nil)
        }
    }

    func receive(_ cuts: Cuts) throws(Violation) {
        for piece in cuts.pieces {
            let taken = codec.receive(piece.span, at: Instant(nanoseconds: 1_000_000_000))
            try require(taken == piece.count, "took \(taken) of \(piece.count)")
            receivedCount += taken
            try handleEvents(piece)
            if isAnswering { try write() }
            try bound()
        }
    }

    func receiveEndOfFile() throws(Violation) {
        codec.receivedEndOfFile()
        try handleEvents([])
        try require(codec.isFinished, "not finished at the end of the file")
        try require(!codec.hasOutput, "output behind the end of the file")
    }

    /// Takes all output there is.
    func write() throws(Violation) {
        var output = ByteBuffer()
        var hasMore = true
        while hasMore {
            let before = output.count
            hasMore = codec.write(into: &output, limit: output.count + 16_384)
            try handleEvents([])
            if output.count == before { break }
        }
        outputCount += output.count
    }

    /// What a peer may make us do is in proportion to what it sent.
    private func bound() throws(Violation) {
        try require(
            outputCount <= 4_096 + 100 * receivedCount,
            "\(receivedCount) bytes were answered by \(outputCount)")
        try require(
            codec.openStreams <= limits.concurrentStreams + 8, "\(codec.openStreams) streams")
        try require(memory.keptBytes == 0, "\(memory.keptBytes) bytes are kept")
    }

    private func handleEvents(_ input: [UInt8]) throws(Violation) {
        while let event = codec.nextEvent() {
            try law.admit(event, available: input.count)
            note(event, in: input)
            switch event {
            case .head(let stream, let head, let isEnd):
                try bound(head, limits.headBytes)
                heads.giveBack(head)
                if isEnd { answer(stream, 200) }
            case .interim(_, let head):
                try bound(head, limits.headBytes)
                heads.giveBack(head)
            case .body(let stream, let range): codec.credit(range.count, on: stream)
            case .end(let stream, let trailers):
                if let trailers {
                    try bound(trailers, limits.trailerBytes)
                    heads.giveBack(trailers)
                }
                answer(stream, 200)
            case .refused(let stream, _): answer(stream, 400)
            default: break
            }
        }
    }

    private func note(_ event: CodecEvent, in input: [UInt8]) {
        switch event {
        case .body(let stream, let range): bodies[stream, default: []] += input[range]
        case .end(let stream, _):
            let body = bodies[stream] ?? []
            transcript.note(.body(stream, body.indices), in: body)
            transcript.note(event, in: input)
        default: transcript.note(event, in: input)
        }
    }

    private func bound(_ head: Head, _ most: Int) throws(Violation) {
        let count = head.fields.listSize + head.target.count + head.authority.count
        try require(
            count <= most && head.fields.count <= limits.fieldCount
                && head.target.count <= limits.targetBytes,
            "a head of \(count) bytes and \(head.fields.count) fields")
    }

    private func answer(_ stream: StreamID, _ status: Int) {
        guard isAnswering, codec.role == .server else { return }
        let head = Head()
        head.status = status
        codec.respond(head, on: stream, isEnd: false)
        codec.send("ok".utf8.span, on: stream)
        codec.sendEnd(on: stream, trailers: nil)
    }
}
