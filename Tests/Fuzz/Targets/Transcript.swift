import HTTP
import Kernel

/// What a codec said, in bytes that do not depend on how its input was cut.
struct Transcript: Equatable {
    private(set) var bytes: [UInt8] = []
    /// The stream whose body stands at the end.
    private var bodyStream: StreamID?

    mutating func note(_ event: CodecEvent, in input: [UInt8]) {
        if case .body(let stream, let range) = event {
            if bodyStream != stream { put("\nbody \(stream.rawValue) ") }
            bodyStream = stream
            bytes.append(contentsOf: input[range])
            return
        }
        if case .drained = event { return }
        bodyStream = nil
        switch event {
        case .head(let stream, let head, let isEnd):
            put("\nhead \(stream.rawValue) \(isEnd ? "END " : "")")
            put(head)
        case .interim(let stream, let head):
            put("\ninterim \(stream.rawValue) ")
            put(head)
        case .end(let stream, let trailers):
            put("\nend \(stream.rawValue) ")
            if let trailers { put(trailers) }
        case .refused(let stream, let fault): put("\nrefused \(stream.rawValue) \(fault)")
        case .reset(let stream, let reason, let isUnprocessed):
            put("\nreset \(stream.rawValue) \(reason) \(isUnprocessed)")
        case .closed(let stream): put("\nclosed \(stream.rawValue)")
        case .goingAway: put("\ngoingAway")
        case .failed(let reason): put("\nfailed \(reason)")
        case .body, .drained: break
        }
    }

    /// Control data and fields. Without `length` what says how long the body is stays out.
    mutating func put(_ head: Head, length: Bool = true) {
        if head.status > 0 { put("\(head.status)") }
        put(head.method == .other ? "(" : "\(head.method.text)(")
        put(head.methodText.bytes)
        put(") \(head.isSecure)\(head.isHTTP10) ")
        put(head.authority.bytes)
        put(" ")
        put(head.target.bytes)
        if length { put(" \(head.contentLength ?? -1)") }
        for index in 0..<head.fields.count {
            if !length, head.fields.id(at: index) == .contentLength { continue }
            put(" {")
            put(head.fields.name(at: index))
            put(": ")
            put(head.fields.value(at: index))
            put("}")
        }
    }

    private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func put(_ span: Span<UInt8>) {
        for index in span.indices { bytes.append(span[index]) }
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}
