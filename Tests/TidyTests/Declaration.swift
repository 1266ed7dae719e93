/// A declaration with a body, found by counting braces in blanked code.
struct Declaration {
    enum Kind { case type, function }

    let kind: Kind
    /// Types: the name. Functions: the name, "init" or "deinit".
    let name: String
    /// The line, from 0, on which the keyword stands.
    let line: Int
    /// The lines, from 0, of the opening and the closing brace.
    let body: ClosedRange<Int>

    private static let typeWords: Set<String> = ["struct", "class", "enum", "protocol", "actor"]
    private static let functionWords: Set<String> = ["func", "init", "deinit", "subscript"]

    /// Every type and function of `file`, nested ones included.
    static func all(in file: SourceFile) -> [Declaration] {
        let tokens = Token.all(in: file.code)
        var found: [Declaration] = []
        for index in tokens.indices {
            let text = tokens[index].text
            let before = index > 0 ? tokens[index - 1].text : ""
            let after = index + 1 < tokens.count ? tokens[index + 1].text : ""
            let kind: Kind
            if typeWords.contains(text), after.first?.isLetter == true, after != "func",
                after != "var", after != "let"
            {
                kind = .type
            } else if functionWords.contains(text), before != "." {
                kind = .function
            } else {
                continue
            }
            guard let body = body(behind: index, in: tokens) else { continue }
            let isNamed = kind == .type || text == "func"
            found.append(
                Declaration(
                    kind: kind, name: isNamed ? after : text, line: tokens[index].line, body: body))
        }
        return found
    }

    /// The braces of the declaration whose keyword is token `start`; nil when it has no body.
    private static func body(behind start: Int, in tokens: [Token]) -> ClosedRange<Int>? {
        let ends: Set<String> = [
            "}", "func", "init", "deinit", "var", "let", "case", "subscript", "static", "mutating",
            "public", "private", "typealias", "import",
        ]
        var parentheses = 0
        var index = start + 1
        while index < tokens.count {
            let text = tokens[index].text
            if text == "(" || text == "[" { parentheses += 1 }
            if text == ")" || text == "]" { parentheses -= 1 }
            if parentheses == 0 {
                if text == "{" { break }
                if ends.contains(text) { return nil }
            }
            index += 1
        }
        guard index < tokens.count else { return nil }
        let opening = tokens[index].line
        var depth = 0
        while index < tokens.count {
            if tokens[index].text == "{" { depth += 1 }
            if tokens[index].text == "}" {
                depth -= 1
                if depth == 0 { return opening...tokens[index].line }
            }
            index += 1
        }
        return nil
    }
}

/// A word or a single other sign of blanked code.
struct Token {
    let text: String
    let line: Int

    static func all(in code: [String]) -> [Token] {
        var tokens: [Token] = []
        for (number, line) in code.enumerated() {
            var word = ""
            for character in line {
                if character.isLetter || character.isNumber || character == "_" {
                    word.append(character)
                    continue
                }
                if !word.isEmpty { tokens.append(Token(text: word, line: number)) }
                word = ""
                if !character.isWhitespace {
                    tokens.append(Token(text: String(character), line: number))
                }
            }
            if !word.isEmpty { tokens.append(Token(text: word, line: number)) }
        }
        return tokens
    }
}
