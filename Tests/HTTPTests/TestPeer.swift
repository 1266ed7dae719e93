import HTTP
import Kernel

/// Drives one codec as a connection would: keeps what the codec did not take, handles every event,
/// and writes down what happened in words that do not depend on how the bytes were cut.
final class TestPeer {
    enum Answering {
        /// Answers each request, 200 or 400, when it has ended.
        case whole
        /// Only records; the test calls the codec itself.
        case never
    }

    let codec: HTTP1Codec
    let pool = HeadPool()
    private let answering: Answering
    private(set) var retained: [UInt8] = []
    private(set) var words: [String] = []
    private(set) var output: [UInt8] = []
    private(set) var lastBody: [UInt8] = []
    /// Body bytes are credited as they come.
    var isCrediting = true
    var writeLimit = Int.max
    private var lastWasBody = false

    init(
        _ role: Role, limits: CodecLimits = CodecLimits(), answering: Answering = .whole
    ) {
        codec = HTTP1Codec(role: role, limits: limits, heads: pool, isSecure: true)
        self.answering = answering
    }

    var outputText: String { latin1(output) }

    /// Passes bytes and lets the codec work until it stands still.
    func receive(_ bytes: some Sequence<UInt8>) {
        retained.append(contentsOf: bytes)
        pump()
    }

    func receive(_ text: String) { receive(bytes(text)) }

    func receiveEndOfFile() {
        codec.receivedEndOfFile()
        pump()
    }

    func pump() {
        while true {
            let taken = codec.receive(retained.span, at: Instant(nanoseconds: 0))
            precondition(taken <= retained.count, "took more than there was")
            var sawEvent = handleEvents()
            retained.removeFirst(taken)
            if flush() { sawEvent = true }
            if handleEvents() { sawEvent = true }
            if taken == 0 && !sawEvent { return }
            if retained.isEmpty && !sawEvent { return }
        }
    }

    /// Takes all output the codec has, in portions of `writeLimit`.
    @discardableResult
    func flush() -> Bool {
        var wrote = false
        while codec.hasOutput {
            var portion = ByteBuffer()
            _ = codec.write(into: &portion, limit: writeLimit)
            if portion.isEmpty { break }
            wrote = true
            output.append(contentsOf: array(portion))
        }
        return wrote
    }

    func takeOutput() -> [UInt8] {
        flush()
        let taken = output
        output = []
        return taken
    }

    func takeWords() -> [String] {
        _ = handleEvents()
        let taken = words
        words = []
        lastWasBody = false
        return taken
    }

    @discardableResult
    func handleEvents() -> Bool {
        var any = false
        while let event = codec.nextEvent() {
            any = true
            record(event)
        }
        return any
    }

    private func record(_ event: CodecEvent) {
        if case .body(let stream, let range) = event {
            if !lastWasBody {
                words.append("body \(stream.rawValue) ")
                lastBody = []
            }
            lastWasBody = true
            lastBody.append(contentsOf: retained[range])
            words[words.count - 1] += latin1(Array(retained[range]))
            if isCrediting { codec.credit(range.count, on: stream) }
            return
        }
        lastWasBody = false
        switch event {
        case .head(let stream, let head, let isEnd):
            words.append("head \(stream.rawValue) \(describe(head))\(isEnd ? " END" : "")")
            pool.giveBack(head)
            if isEnd { answer(stream, status: 200) }
        case .interim(let stream, let head):
            words.append("interim \(stream.rawValue) \(describe(head))")
            pool.giveBack(head)
        case .end(let stream, let trailers):
            words.append("end \(stream.rawValue)\(trailers.map { describe($0) } ?? "")")
            if let trailers { pool.giveBack(trailers) }
            answer(stream, status: 200)
        case .refused(let stream, let fault):
            words.append("refused \(stream.rawValue) \(fault)")
            answer(stream, status: 400)
        case .reset(let stream, let reason, let isUnprocessed):
            words.append("reset \(stream.rawValue) \(reason) \(isUnprocessed)")
        case .drained: break
        case .closed(let stream): words.append("closed \(stream.rawValue)")
        case .goingAway: words.append("goingAway")
        case .failed(let reason): words.append("failed \(reason)")
        case .body: break
        }
    }

    private func answer(_ stream: StreamID, status: Int) {
        guard answering == .whole else { return }
        let head = Head()
        head.status = status
        head.contentLength = 2
        codec.respond(head, on: stream, isEnd: false)
        codec.send("ok".utf8.span, on: stream)
        codec.sendEnd(on: stream, trailers: nil)
    }
}

/// One scalar per byte, so that no byte is lost or changed.
func latin1(_ bytes: [UInt8]) -> String {
    var text = ""
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
}

/// The bytes of a text in which every scalar stands for one byte.
func bytes(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { UInt8($0.value) }
}

func array(_ span: Span<UInt8>) -> [UInt8] {
    var copy: [UInt8] = []
    var index = 0
    while index < span.count {
        copy.append(span[index])
        index += 1
    }
    return copy
}

func array(_ buffer: borrowing ByteBuffer) -> [UInt8] { array(buffer.bytes) }

/// A head in one line: control data, then each field in braces.
func describe(_ head: Head) -> String {
    var text = ""
    if head.status != 0 {
        text += "\(head.status)"
    } else if !head.target.isEmpty {
        let method = head.method == .other ? latin1(array(head.methodText)) : "\(head.method.text)"
        text += "\(method) \(head.isSecure ? "https" : "http")://\(latin1(array(head.authority)))"
        text += " \(latin1(array(head.target)))"
    }
    if head.isHTTP10 { text += " 1.0" }
    if let length = head.contentLength { text += " length=\(length)" }
    return text + describe(head.fields)
}

private func describe(_ fields: borrowing Fields) -> String {
    var text = ""
    for index in 0..<fields.count {
        let name = latin1(array(fields.name(at: index)))
        let value = latin1(array(fields.value(at: index)))
        text += " {\(name): \(value)}"
    }
    return text
}
