import JSON

/// Reads JSON as RFC 8259 spells it, by recursive descent, and notes what the probe would.
struct JSONReference {
    private static let deepest = 1_024

    private enum Member: String {
        case model, stream
        case options = "stream_options"
        case includeUsage = "include_usage"
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
        case maxOutputTokens = "max_output_tokens"
        case choices = "n"
    }

    private let text: [UInt8]
    private var index = 0
    private var noted: [Member: JSONValue] = [:]
    /// What `model` stands for, when it is a string.
    private(set) var model: [UInt8] = []

    init(_ text: [UInt8]) { self.text = text }

    mutating func summary() -> Result<JSONSummary, JSONFault> {
        do throws(JSONFault) {
            guard String(validating: text, as: UTF8.self) != nil else { throw .invalid }
            let root = try value(depth: 0, inOptions: false)
            skipSpace()
            guard index == text.count else { throw .invalid }
            if let value = noted[.model], value.kind == .string {
                var inside = JSONReference(Array(text[value.range]))
                model = try inside.string()
            }
            return .success(
                JSONSummary(
                    root: root, model: noted[.model], stream: noted[.stream],
                    streamOptions: noted[.options], includeUsage: noted[.includeUsage],
                    maxTokens: noted[.maxTokens],
                    maxCompletionTokens: noted[.maxCompletionTokens],
                    maxOutputTokens: noted[.maxOutputTokens], choices: noted[.choices]))
        } catch {
            return .failure(error)
        }
    }

    private var next: UInt8? { index < text.count ? text[index] : nil }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { index += 1 }
    }

    private mutating func take(_ word: String) -> Bool {
        guard text[index...].starts(with: word.utf8) else { return false }
        index += word.utf8.count
        return true
    }

    private mutating func value(depth: Int, inOptions: Bool) throws(JSONFault) -> JSONValue {
        skipSpace()
        let start = index
        let kind: JSONValue.Kind
        switch next {
        case UInt8(ascii: "{"):
            try members(depth: depth, inOptions: inOptions)
            kind = .object
        case UInt8(ascii: "["):
            try elements(depth: depth)
            kind = .array
        case UInt8(ascii: "\""):
            _ = try string()
            kind = .string
        default:
            if take("true") {
                kind = .true
            } else if take("false") {
                kind = .false
            } else if take("null") {
                kind = .null
            } else {
                try number()
                kind = .number
            }
        }
        return JSONValue(kind, start..<index)
    }

    private mutating func elements(depth: Int) throws(JSONFault) {
        guard depth < Self.deepest else { throw .tooDeep }
        index += 1
        skipSpace()
        if take("]") { return }
        repeat { _ = try value(depth: depth + 1, inOptions: false) } while takeComma()
        guard take("]") else { throw .invalid }
    }

    private mutating func members(depth: Int, inOptions: Bool) throws(JSONFault) {
        guard depth < Self.deepest else { throw .tooDeep }
        index += 1
        skipSpace()
        if take("}") { return }
        repeat {
            skipSpace()
            let name = try string()
            skipSpace()
            guard take(":") else { throw .invalid }
            let member = wanted(name, depth: depth, inOptions: inOptions)
            let value = try value(depth: depth + 1, inOptions: member == .options)
            guard let member else { continue }
            guard noted.updateValue(value, forKey: member) == nil else { throw .duplicateMember }
        } while takeComma()
        guard take("}") else { throw .invalid }
    }

    private func wanted(_ name: [UInt8], depth: Int, inOptions: Bool) -> Member? {
        guard let member = Member(rawValue: String(decoding: name, as: UTF8.self)) else {
            return nil
        }
        if member == .includeUsage { return inOptions ? member : nil }
        return depth == 0 ? member : nil
    }

    private mutating func takeComma() -> Bool {
        skipSpace()
        return take(",")
    }

    private mutating func digits() throws(JSONFault) {
        let start = index
        while let byte = next, (0x30...0x39).contains(byte) { index += 1 }
        guard index > start else { throw .invalid }
    }

    private mutating func number() throws(JSONFault) {
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits()
        }
    }

    /// What the string stands for, a lone surrogate as U+FFFD.
    private mutating func string() throws(JSONFault) -> [UInt8] {
        guard take("\"") else { throw .invalid }
        var units: [UInt16] = []
        var start = index
        while let byte = next {
            guard byte >= 0x20 else { throw .invalid }
            guard byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\"") else {
                index += 1
                continue
            }
            units += String(decoding: text[start..<index], as: UTF8.self).utf16
            index += 1
            if byte == UInt8(ascii: "\"") {
                return Array(String(decoding: units, as: UTF16.self).utf8)
            }
            units.append(try escape())
            start = index
        }
        throw .invalid
    }

    private mutating func escape() throws(JSONFault) -> UInt16 {
        let plain: [(String, UInt16)] = [
            ("\"", 0x22), ("\\", 0x5c), ("/", 0x2f), ("b", 8), ("f", 12), ("n", 10), ("r", 13),
            ("t", 9),
        ]
        for (letter, unit) in plain where take(letter) { return unit }
        guard take("u"), index + 4 <= text.count else { throw .invalid }
        let hex = text[index..<index + 4]
        guard hex.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let unit = UInt16(String(decoding: hex, as: UTF8.self), radix: 16)
        else { throw .invalid }
        index += 4
        return unit
    }
}
