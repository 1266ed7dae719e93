import Kernel

/// Reads one JSON document into a tree, within bounds of depth and size.
struct JSONParser: ~Escapable {
    private enum Fault: Error { case malformed }

    private static let depthLimit = 64
    private static let valueLimit = 1_000_000

    private let text: Span<UInt8>
    private var index = 0
    private var valueCount = 0

    @_lifetime(copy text)
    private init(_ text: Span<UInt8>) { self.text = text }

    /// The document that `text` spells; nil when it is none, or too deep or too large.
    static func parse(_ text: Span<UInt8>) -> JSONValue? {
        var parser = JSONParser(text)
        guard let value = try? parser.readValue(depth: 0) else { return nil }
        parser.skipSpace()
        return parser.index == text.count ? value : nil
    }

    private func peek() throws(Fault) -> UInt8 {
        guard index < text.count else { throw Fault.malformed }
        return text[index]
    }

    private mutating func skipSpace() {
        while index < text.count {
            switch text[index] {
            case 0x20, 0x09, 0x0a, 0x0d: index += 1
            default: return
            }
        }
    }

    private mutating func expect(_ word: StaticString) throws(Fault) {
        let end = index + word.utf8CodeUnitCount
        guard end <= text.count, text.extracting(index..<end).equals(word) else {
            throw Fault.malformed
        }
        index = end
    }

    private mutating func readValue(depth: Int) throws(Fault) -> JSONValue {
        valueCount += 1
        guard depth < Self.depthLimit, valueCount < Self.valueLimit else { throw Fault.malformed }
        skipSpace()
        switch try peek() {
        case UInt8(ascii: "{"): return .object(try readMembers(depth: depth))
        case UInt8(ascii: "["): return .array(try readElements(depth: depth))
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        default: return .number(try readNumber())
        }
    }

    private mutating func readMembers(depth: Int) throws(Fault) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = []
        index += 1
        skipSpace()
        if try peek() == UInt8(ascii: "}") {
            index += 1
            return members
        }
        while true {
            skipSpace()
            let name = try readString()
            skipSpace()
            try expect(":")
            members.append(.init(name: name, value: try readValue(depth: depth + 1)))
            skipSpace()
            if try peek() == UInt8(ascii: "}") {
                index += 1
                return members
            }
            try expect(",")
        }
    }

    private mutating func readElements(depth: Int) throws(Fault) -> [JSONValue] {
        var values: [JSONValue] = []
        index += 1
        skipSpace()
        if try peek() == UInt8(ascii: "]") {
            index += 1
            return values
        }
        while true {
            values.append(try readValue(depth: depth + 1))
            skipSpace()
            if try peek() == UInt8(ascii: "]") {
                index += 1
                return values
            }
            try expect(",")
        }
    }

    private mutating func readNumber() throws(Fault) -> Double {
        let start = index
        loop: while index < text.count {
            switch text[index] {
            case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                index += 1
            default: break loop
            }
        }
        let spelling = text.extracting(start..<index)
        guard spelling.count > 0, spelling.count <= 64, spelling[0] != UInt8(ascii: "+") else {
            throw Fault.malformed
        }
        guard let value = Double(spelling.text), value.isFinite else { throw Fault.malformed }
        return value
    }

    private mutating func readString() throws(Fault) -> String {
        try expect("\"")
        let start = index
        while try peek() != UInt8(ascii: "\"") {
            if text[index] == UInt8(ascii: "\\") { return try readEscaped(from: start) }
            guard text[index] >= 0x20 else { throw Fault.malformed }
            index += 1
        }
        let end = index
        index += 1
        return text.extracting(start..<end).text
    }

    /// A string with escapes in it; `index` is at the first.
    private mutating func readEscaped(from start: Int) throws(Fault) -> String {
        var output = ByteBuffer()
        output.append(text.extracting(start..<index))
        while true {
            let byte = try peek()
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return output.text
            case UInt8(ascii: "\\"): try readEscape(into: &output)
            case 0..<0x20: throw Fault.malformed
            default: output.append(byte)
            }
        }
    }

    private mutating func readEscape(into output: inout ByteBuffer) throws(Fault) {
        let byte = try peek()
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(byte)
        case UInt8(ascii: "n"): output.append(0x0a)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "r"): output.append(0x0d)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0c)
        case UInt8(ascii: "u"):
            var unit = try readHexUnit()
            // A pair of surrogates is one scalar; a lone one becomes U+FFFD.
            if unit & 0xfc00 == 0xd800, index + 6 <= text.count, text[index] == UInt8(ascii: "\\"),
                text[index + 1] == UInt8(ascii: "u")
            {
                let before = index
                index += 2
                let low = try readHexUnit()
                if low & 0xfc00 == 0xdc00 {
                    unit = 0x10000 + (unit & 0x3ff) << 10 + (low & 0x3ff)
                } else {
                    index = before
                }
            }
            output.append(utf8: String(Unicode.Scalar(unit) ?? "\u{FFFD}"))
        default: throw Fault.malformed
        }
    }

    private mutating func readHexUnit() throws(Fault) -> UInt32 {
        guard index + 4 <= text.count else { throw Fault.malformed }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            switch text[index] {
            case 0x30...0x39: unit = unit << 4 | UInt32(text[index] - 0x30)
            case 0x41...0x46: unit = unit << 4 | UInt32(text[index] - 0x41 + 10)
            case 0x61...0x66: unit = unit << 4 | UInt32(text[index] - 0x61 + 10)
            default: throw Fault.malformed
            }
            index += 1
        }
        return unit
    }
}
