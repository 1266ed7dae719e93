/// HTTP/2 frames by hand (RFC 9113 section 4.1), also those that no codec would write.
enum Frame {
    /// The types of RFC 9113 section 6.
    enum Kind: UInt8 {
        case data, headers, priority, reset, settings, pushPromise, ping, goAway, window
        case continuation
    }

    /// Identifiers of RFC 9113 section 6.5.2.
    enum Setting: Int {
        case table = 1
        case push, streams, window, frame, list
    }

    static let end: UInt8 = 1
    static let acknowledged: UInt8 = 1
    static let endOfHead: UInt8 = 4
    static let padded: UInt8 = 8
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    /// What every client begins with.
    static let opening = preface + settings()

    static func make(
        _ kind: Kind, flags: UInt8 = 0, on stream: Int = 0, _ payload: [UInt8] = []
    ) -> [UInt8] {
        make(kind.rawValue, flags: flags, on: stream, payload)
    }

    static func make(
        _ type: UInt8, flags: UInt8 = 0, on stream: Int = 0, _ payload: [UInt8] = []
    ) -> [UInt8] {
        var bytes = Array(word(payload.count).dropFirst())
        bytes.append(type)
        bytes.append(flags)
        return bytes + word(stream) + payload
    }

    static func word(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    static func settings(_ values: (Setting, Int)...) -> [UInt8] {
        make(.settings, values.flatMap { [0, UInt8($0.0.rawValue)] + word($0.1) })
    }

    static func request(_ stream: Int, _ block: [UInt8], isEnd: Bool = true) -> [UInt8] {
        make(.headers, flags: endOfHead | (isEnd ? end : 0), on: stream, block)
    }

    static func data(_ stream: Int, _ bytes: [UInt8], isEnd: Bool = false) -> [UInt8] {
        make(.data, flags: isEnd ? end : 0, on: stream, bytes)
    }

    static func reset(_ stream: Int) -> [UInt8] { make(.reset, on: stream, word(8)) }

    static func window(_ stream: Int, _ count: Int) -> [UInt8] {
        make(.window, on: stream, word(count))
    }
}
