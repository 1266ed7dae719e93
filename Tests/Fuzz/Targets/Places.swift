/// The places there are in a text.
struct Places {
    private let lineCount: Int
    private let characterCount: Int

    init(_ text: Span<UInt8>) {
        var lines = 1
        var characters = 0
        for index in text.indices {
            let byte = text[index]
            if byte == 0x0a || byte == 0x0d { lines += 1 }
            // NEL, LINE SEPARATOR and PARAGRAPH SEPARATOR end lines of YAML 1.1 too.
            if byte == 0x85 || byte == 0xa8 || byte == 0xa9 { lines += 1 }
            if byte & 0xc0 != 0x80 { characters += 1 }
        }
        lineCount = lines
        characterCount = characters
    }

    /// Throws unless line and column, counted from 1, lie within the text or right behind it.
    func admit(_ line: Int, _ column: Int, _ what: String) throws(Violation) {
        try require(
            (1...lineCount + 1).contains(line) && (1...characterCount + 1).contains(column),
            "\(what) at \(line):\(column) in \(lineCount) lines")
    }
}
