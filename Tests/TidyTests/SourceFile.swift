/// One Swift file of the tree, as text and as code.
struct SourceFile: Sendable {
    /// Relative to the root of the repository.
    let path: String
    let lines: [String]
    /// The same lines with comments and the contents of string literals replaced by spaces, so that
    /// what is found in them is code.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = CodeBlanker.blank(text)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The target the file belongs to: the folder under `Sources` or `Tests`.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    var isTest: Bool { path.hasPrefix("Tests/") }

    /// The doc comment and the attributes that stand directly above line `index`.
    func preamble(above index: Int) -> [String] {
        var first = index
        while first > 0 {
            let line = lines[first - 1].trimmed
            guard line.hasPrefix("///") || line.hasPrefix("@") || line.hasPrefix("//") else {
                break
            }
            first -= 1
        }
        return Array(lines[first..<index])
    }

    func offence(_ index: Int, _ what: String) -> String { "\(path):\(index + 1): \(what)" }
}

extension String {
    var trimmed: String {
        var text = self[...]
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }

    /// The identifiers and keywords of a line of code.
    var words: [Substring] {
        split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "@") }
    }
}
