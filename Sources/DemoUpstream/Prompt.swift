/// What a request says in words, and what the demo upstream says to it.
struct Prompt {
    private static let echoLimit = 600

    /// All text of the prompt, for counting.
    private(set) var texts: [String] = []
    /// What the user said last.
    private(set) var last = ""

    /// Reads messages of any of the three dialogue shapes: `content` is a string or a list of
    /// parts.
    init(messages: JSONValue?) {
        if let text = messages?.string {
            texts = [text]
            last = text
            return
        }
        for message in messages?.array ?? [] {
            let text = Self.text(of: message["content"])
            texts.append(text)
            if message["role"]?.string == "user" { last = text }
        }
    }

    init(text: String) {
        texts = [text]
        last = text
    }

    mutating func add(instructions: JSONValue?) {
        texts.append(Self.text(of: instructions))
    }

    private static func text(of content: JSONValue?) -> String {
        if let text = content?.string { return text }
        return (content?.array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n")
    }

    /// About as many as a tokenizer would find: a quarter of the bytes.
    var tokens: Int { max(1, texts.reduce(3) { $0 + $1.utf8.count } / 4) }

    /// The answer as the pieces in which a stream delivers it, one token each.
    func reply(atMost limit: Int?) -> Reply {
        let said = last.prefix(Self.echoLimit)
        let text =
            said.isEmpty
            ? "Hello from the demo upstream. You sent no words."
            : "Hello from the demo upstream. You said: \(said)"
        let pieces = Self.split(text)
        guard let limit, limit < pieces.count else { return Reply(pieces: pieces, isCut: false) }
        return Reply(pieces: Array(pieces.prefix(max(1, limit))), isCut: true)
    }

    private static func split(_ text: String) -> [String] {
        var pieces: [String] = []
        var piece = ""
        for character in text {
            if character == " ", !piece.isEmpty {
                pieces.append(piece)
                piece = ""
            }
            piece.append(character)
        }
        pieces.append(piece)
        return pieces
    }
}

/// An answer in words.
struct Reply {
    let pieces: [String]
    /// The limit on tokens ended it.
    let isCut: Bool

    var text: String { pieces.joined() }
}
