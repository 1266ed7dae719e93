import Chance
import HTTP
import HTTP2
import Kernel

/// The driver of one codec as a test needs it: it writes down every event as a line of text, keeps
/// bodies, and gives credit for them at once, later, or never.
final class Endpoint {
    let codec: HTTP2Codec
    let heads: HeadPool
    var log: [String] = []
    var bodies: [Int32: [UInt8]] = [:]
    /// Received body bytes without credit, when `givesCredit` is off.
    var owed: [Int32: Int] = [:]
    var givesCredit = true
    /// Whether `drained` events are written down.
    var logsDrained = false
    /// The clock: tests move it by hand.
    var now = Instant(nanoseconds: 1_000_000_000)
    /// What to do about an event, after it was written down.
    var onEvent: (Endpoint, CodecEvent) -> Void = { _, _ in }

    init(
        _ role: Role, limits: CodecLimits = CodecLimits(), isSecure: Bool = true,
        memory: HTTP2Memory? = nil, budgets: FrameBudgets = FrameBudgets()
    ) {
        heads = HeadPool()
        var limits = limits
        limits.frames = budgets
        codec = HTTP2Codec(
            role: role, limits: limits, heads: heads, isSecure: isSecure, memory: memory)!
    }

    func receive(_ bytes: Span<UInt8>) {
        var input = ByteBuffer()
        input.append(bytes)
        while !input.isEmpty {
            let taken = codec.receive(input.bytes, at: now)
            handleEvents(input)
            input.consume(taken)
            if taken == 0 { return }
        }
    }

    /// Receives `bytes` in pieces that `random` chooses.
    func receive(_ bytes: Span<UInt8>, split random: inout SeededRandom) {
        var start = 0
        while start < bytes.count {
            let most = random.below(10) == 0 ? 20_000 : 40
            let count = min(bytes.count - start, 1 + random.below(most))
            receive(bytes.extracting(start..<start + count))
            start += count
        }
    }

    func handleEvents() { handleEvents(ByteBuffer()) }

    private func handleEvents(_ input: borrowing ByteBuffer) {
        while let event = codec.nextEvent() {
            if case .body(let id, let range) = event {
                store(input.slice(range), of: id)
            } else if let line = describe(event) {
                log.append(line)
            }
            onEvent(self, event)
            giveBack(event)
        }
    }

    private func store(_ bytes: Span<UInt8>, of id: StreamID) {
        var body = bodies.removeValue(forKey: id.rawValue) ?? []
        body.reserveCapacity(max(body.capacity, body.count + bytes.count))
        var index = 0
        while index < bytes.count {
            body.append(bytes[index])
            index += 1
        }
        bodies[id.rawValue] = body
        if givesCredit {
            codec.credit(bytes.count, on: id)
        } else {
            owed[id.rawValue, default: 0] += bytes.count
        }
    }

    func payOwed() {
        for (id, count) in owed { codec.credit(count, on: StreamID(id)) }
        owed = [:]
    }

    private func giveBack(_ event: CodecEvent) {
        switch event {
        case .head(_, let head, _), .interim(_, let head): heads.giveBack(head)
        case .end(_, let trailers): if let trailers { heads.giveBack(trailers) }
        default: break
        }
    }

    /// Everything there is to write.
    func output(limit: Int = .max) -> ByteBuffer {
        var bytes = ByteBuffer()
        _ = codec.write(into: &bytes, limit: limit)
        handleEvents()
        return bytes
    }

    private func describe(_ event: CodecEvent) -> String? {
        switch event {
        case .head(let id, let head, let isEnd):
            "head \(id.rawValue) \(head.line)\(isEnd ? " end" : "")"
        case .interim(let id, let head): "interim \(id.rawValue) \(head.line)"
        case .body: nil
        case .end(let id, let trailers):
            "end \(id.rawValue)\(trailers.map { " [\($0.fieldLine)]" } ?? "")"
        case .reset(let id, let reason, let isUnprocessed):
            "reset \(id.rawValue) \(reason)\(isUnprocessed ? " unprocessed" : "")"
        case .refused(let id, let fault): "refused \(id.rawValue) \(fault)"
        case .drained(let id): logsDrained ? "drained \(id.rawValue)" : nil
        case .closed(let id): "closed \(id.rawValue)"
        case .goingAway: "goingAway"
        case .failed: "failed"
        }
    }
}

extension Head {
    /// Control data and fields on one line.
    var line: String {
        let start =
            status > 0
            ? "\(status)"
            : "\(method == .other ? methodText.text : "\(method.text)") "
                + "\(isSecure ? "https" : "http") \(authority.text) \(target.text)"
        let length = contentLength.map { " length=\($0)" } ?? ""
        return fields.count == 0 ? start + length : "\(start)\(length) [\(fieldLine)]"
    }

    var fieldLine: String {
        var parts: [String] = []
        for index in 0..<fields.count {
            let name = fields.name(at: index).text
            parts.append("\(name)=\(fields.value(at: index).text)")
        }
        return parts.joined(separator: " ")
    }
}

func makeRequest(
    _ method: HTTP.Method = .post, _ target: String = "/v1", authority: String = "a.example",
    _ fields: [(String, String)] = []
) -> Head {
    let head = Head()
    head.method = method
    head.isSecure = true
    head.authority.append(utf8: authority)
    head.target.append(utf8: target)
    for (name, value) in fields {
        head.fields.append(name: name.utf8.span, value: value.utf8.span)
    }
    return head
}

func makeResponse(_ status: Int = 200, _ fields: [(String, String)] = []) -> Head {
    let head = Head()
    head.status = status
    for (name, value) in fields {
        head.fields.append(name: name.utf8.span, value: value.utf8.span)
    }
    return head
}
