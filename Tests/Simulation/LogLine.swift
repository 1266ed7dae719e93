/// A line of the access log, as far as the simulation reads it.
struct LogLine {
    private(set) var requestID = ""
    private(set) var key = ""
    private(set) var error = ""
    private(set) var upstream = ""
    private(set) var cancelledBy = ""
    private(set) var status = 0
    private(set) var bytesIn = 0
    private(set) var bytesOut = 0
    private(set) var durationMicroseconds = 0

    /// `bytes`: one flat JSON object whose strings hold no quotes.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.first == UInt8(ascii: "{"), bytes.last == UInt8(ascii: "}") else { return nil }
        var rest = bytes.dropFirst().dropLast()
        while !rest.isEmpty {
            guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let name = rest[..<colon].dropFirst().dropLast()
            rest = rest[(colon + 1)...]
            let isText = rest.first == UInt8(ascii: "\"")
            if isText { rest = rest.dropFirst() }
            let mark = UInt8(ascii: isText ? "\"" : ",")
            let end = rest.firstIndex(of: mark) ?? rest.endIndex
            take(String(decoding: name, as: UTF8.self), rest[..<end])
            rest = rest[end...].dropFirst(isText ? 2 : 1)
        }
    }

    private mutating func take(_ name: String, _ value: ArraySlice<UInt8>) {
        switch name {
        case "request_id": requestID = String(decoding: value, as: UTF8.self)
        case "key_id": key = String(decoding: value, as: UTF8.self)
        case "error": error = String(decoding: value, as: UTF8.self)
        case "upstream": upstream = String(decoding: value, as: UTF8.self)
        case "cancelled_by": cancelledBy = String(decoding: value, as: UTF8.self)
        case "status": status = number(value)
        case "bytes_in": bytesIn = number(value)
        case "bytes_out": bytesOut = number(value)
        case "duration_ms": durationMicroseconds = number(value)
        default: break
        }
    }

    /// The digits of a number, its point left out.
    private func number(_ text: ArraySlice<UInt8>) -> Int {
        text.reduce(0) { $1 == UInt8(ascii: ".") ? $0 : $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
}
