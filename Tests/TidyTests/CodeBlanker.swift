/// Blanks comments and string literals of Swift text, keeping every line break where it is.
struct CodeBlanker {
    private let bytes: [UInt8]
    private var index = 0
    private var output: [UInt8] = []

    private init(_ text: String) {
        bytes = Array(text.utf8)
        output.reserveCapacity(bytes.count)
    }

    static func blank(_ text: String) -> String {
        var blanker = CodeBlanker(text)
        blanker.readCode(untilParenthesis: false)
        return String(decoding: blanker.output, as: UTF8.self)
    }

    private func at(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard index + count <= bytes.count else { return false }
        return Array(text.description.utf8) == Array(bytes[index..<index + count])
    }

    private mutating func keep() {
        output.append(bytes[index])
        index += 1
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where index < bytes.count {
            output.append(bytes[index] == 0x0a ? 0x0a : 0x20)
            index += 1
        }
    }

    /// Code up to the end, or inside an interpolation up to its closing parenthesis.
    private mutating func readCode(untilParenthesis isInterpolation: Bool) {
        var depth = 0
        while index < bytes.count {
            if at("//") {
                while index < bytes.count, bytes[index] != 0x0a { blank() }
            } else if at("/*") {
                readBlockComment()
            } else if at("\"") || at("#\"") || at("##\"") {
                readString()
            } else if let length = regexLength() {
                blank(length)
            } else {
                if bytes[index] == UInt8(ascii: "(") { depth += 1 }
                if bytes[index] == UInt8(ascii: ")") {
                    if isInterpolation, depth == 0 { return }
                    depth -= 1
                }
                if isInterpolation { blank() } else { keep() }
            }
        }
    }

    /// The length of the regex literal that begins here, nil where a slash is an operator.
    private func regexLength() -> Int? {
        if at("#/") {
            var end = index + 2
            while end + 1 < bytes.count {
                if bytes[end] == UInt8(ascii: "/"), bytes[end + 1] == UInt8(ascii: "#") {
                    return end + 2 - index
                }
                end += 1
            }
            return nil
        }
        guard at("/"), let before = output.last(where: { $0 != 0x20 }) else { return nil }
        guard Array("(,=:".utf8).contains(before) else { return nil }
        var end = index + 1
        while end < bytes.count, bytes[end] != 0x0a {
            if bytes[end] == UInt8(ascii: "/") { return end + 1 - index }
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    private mutating func readBlockComment() {
        var depth = 0
        repeat {
            if at("/*") {
                depth += 1
                blank(2)
            } else if at("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && index < bytes.count
    }

    private mutating func readString() {
        var pounds = 0
        while bytes[index] == UInt8(ascii: "#") {
            pounds += 1
            blank()
        }
        let isMultiline = at("\"\"\"")
        let quotes = isMultiline ? 3 : 1
        blank(quotes)
        while index < bytes.count {
            if isDelimiter(UInt8(ascii: "\""), quotes: quotes, pounds: pounds) {
                blank(quotes + pounds)
                return
            }
            if isEscape(pounds: pounds) {
                blank(1 + pounds)
                if index < bytes.count, bytes[index] == UInt8(ascii: "(") {
                    blank()
                    readCode(untilParenthesis: true)
                }
                blank()
            } else {
                // A one-line literal that does not end is not Swift; go on with the next line.
                if bytes[index] == 0x0a, !isMultiline { return }
                blank()
            }
        }
    }

    private func isDelimiter(_ quote: UInt8, quotes: Int, pounds: Int) -> Bool {
        guard index + quotes + pounds <= bytes.count else { return false }
        for offset in 0..<quotes where bytes[index + offset] != quote { return false }
        for offset in 0..<pounds where bytes[index + quotes + offset] != UInt8(ascii: "#") {
            return false
        }
        return true
    }

    private func isEscape(pounds: Int) -> Bool {
        guard bytes[index] == UInt8(ascii: "\\"), index + pounds < bytes.count else { return false }
        for offset in 0..<pounds where bytes[index + 1 + offset] != UInt8(ascii: "#") {
            return false
        }
        return true
    }
}
