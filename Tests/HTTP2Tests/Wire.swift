import Kernel

/// Frames made by hand, for what no honest client sends.
struct Wire {
    var bytes: [UInt8] = []

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let endStream: UInt8 = 1
    static let endHeaders: UInt8 = 4
    static let acknowledge: UInt8 = 1

    /// The client's preface with empty SETTINGS.
    static var opened: Wire {
        var wire = Wire()
        wire.bytes = preface
        wire.frame(4)
        return wire
    }

    mutating func frame(
        _ type: UInt8, flags: UInt8 = 0, stream: Int = 0, _ payload: [UInt8] = []
    ) {
        bytes += [UInt8(payload.count >> 16), UInt8(payload.count >> 8 & 255)]
        bytes += [UInt8(payload.count & 255), type, flags]
        bytes += Wire.word(stream) + payload
    }

    static func word(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    mutating func headers(
        _ stream: Int, _ fields: [(String, String)], end: Bool = true, endHeaders: Bool = true
    ) {
        let flags = (end ? Wire.endStream : 0) | (endHeaders ? Wire.endHeaders : 0)
        frame(1, flags: flags, stream: stream, Wire.block(fields))
    }

    mutating func data(_ stream: Int, _ payload: [UInt8], end: Bool = false) {
        frame(0, flags: end ? Wire.endStream : 0, stream: stream, payload)
    }

    mutating func reset(_ stream: Int, _ code: Int) {
        frame(3, stream: stream, Wire.word(code))
    }

    mutating func windowUpdate(_ stream: Int, _ increment: Int) {
        frame(8, stream: stream, Wire.word(increment))
    }

    mutating func goAway(_ last: Int, _ code: Int = 0) {
        frame(7, Wire.word(last) + Wire.word(code))
    }

    /// Literal fields without indexing (RFC 7541 section 6.2.2).
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields { block += [0] + string(name) + string(value) }
        return block
    }

    /// A literal field that becomes the newest entry of the table (RFC 7541 section 6.2.1).
    static func entry(_ name: String, _ value: String) -> [UInt8] {
        [0x40] + string(name) + string(value)
    }

    private static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
        var head: [UInt8] = [127]
        var rest = bytes.count - 127
        while rest >= 128 {
            head.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return head + [UInt8(rest)] + bytes
    }

    static func request(
        _ method: String = "GET", _ path: String = "/", authority: String? = "a.example",
        scheme: String = "https", with fields: [(String, String)] = []
    ) -> [(String, String)] {
        var all = [(":method", method), (":scheme", scheme), (":path", path)]
        if let authority { all.append((":authority", authority)) }
        return all + fields
    }

    /// The frames in `bytes`, each on a line: type, stream, flags and, where short, the code.
    static func describe(_ bytes: Span<UInt8>) -> [String] {
        let names = [
            "DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING",
            "GOAWAY", "WINDOW_UPDATE", "CONTINUATION",
        ]
        var lines: [String] = []
        var at = bytes.starts(with: preface.span) ? preface.count : 0
        while at + 9 <= bytes.count {
            let length = Int(bytes[at]) << 16 | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2])
            let type = Int(bytes[at + 3])
            let flags = bytes[at + 4]
            var line = "\(names[type]) \(number(bytes, at + 5))"
            if type == 0 { line += " \(length)" }
            if type < 2, flags & endStream != 0 { line += " end" }
            if type == 3 { line += " code \(number(bytes, at + 9))" }
            if type == 7 { line += " last \(number(bytes, at + 9)) code \(number(bytes, at + 13))" }
            if type == 8 { line += " +\(number(bytes, at + 9))" }
            if type == 4 || type == 6, flags & acknowledge != 0 { line += " ack" }
            lines.append(line)
            at += 9 + length
        }
        return lines
    }

    private static func number(_ bytes: Span<UInt8>, _ at: Int) -> Int {
        (0..<4).reduce(0) { $0 << 8 | Int(bytes[at + $1]) }
    }
}

extension Endpoint {
    /// Receives hand-made frames and returns what the codec writes in answer, SETTINGS left out.
    @discardableResult
    func exchange(_ wire: Wire) -> [String] {
        receive(wire.bytes.span)
        let bytes = output()
        let lines = Wire.describe(bytes.bytes)
        return lines.filter { !$0.hasPrefix("SETTINGS") && $0 != "WINDOW_UPDATE 0 +983041" }
    }
}
