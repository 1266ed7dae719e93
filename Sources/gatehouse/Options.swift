/// The options of one command: every one takes a value, none may stand twice.
struct Options {
    struct Misuse: Error {
        let message: String
    }

    private var values: [String: String] = [:]

    init(_ arguments: [String], allowed: Set<String>) throws(Misuse) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            var name = word
            var value: String?
            if let sign = word.firstIndex(of: "="), word.hasPrefix("--") {
                name = String(word[..<sign])
                value = String(word[word.index(after: sign)...])
            }
            guard allowed.contains(name) else {
                throw Misuse(message: "unexpected argument \"\(word)\"")
            }
            guard let found = value ?? rest.popFirst(), !found.isEmpty else {
                throw Misuse(message: "\(name) needs a value")
            }
            guard values.updateValue(found, forKey: name) == nil else {
                throw Misuse(message: "\(name) stands twice")
            }
        }
    }

    subscript(name: String) -> String? { values[name] }

    func required(_ name: String) throws(Misuse) -> String {
        guard let value = values[name] else { throw Misuse(message: "\(name) is missing") }
        return value
    }
}
