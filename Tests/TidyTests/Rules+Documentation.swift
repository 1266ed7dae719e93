/// Rules of what is written beside the code.
extension Rules {
    /// Every public type says what it is for.
    static func publicTypeComments(_ files: [SourceFile]) -> [String] {
        files.flatMap { file in
            Declaration.all(in: file).compactMap { declaration in
                guard declaration.kind == .type,
                    file.code[declaration.line].words.contains(where: {
                        $0 == "public" || $0 == "open"
                    })
                else { return nil }
                let preamble = file.preamble(above: declaration.line)
                guard !preamble.contains(where: { $0.trimmed.hasPrefix("///") }) else {
                    return nil
                }
                return file.offence(declaration.line, "\(declaration.name) has no doc comment")
            }
        }
    }

    /// In the fence, a type that holds a pointer or vouches for itself says why that is sound.
    static func safetyParagraphs(_ files: [SourceFile]) -> [String] {
        let fenced = files.filter { TargetGraph.fence.contains($0.target) }
        return fenced.flatMap { (file: SourceFile) -> [String] in
            let types = Declaration.all(in: file).filter { $0.kind == .type }
            return types.compactMap { (type: Declaration) -> String? in
                let preamble = file.preamble(above: type.line)
                guard !preamble.contains(where: { $0.contains("*Safety:*") }) else { return nil }
                guard
                    preamble.contains(where: { $0.words.contains("@safe") })
                        || file.code[type.line].contains("@unchecked")
                        || holdsPointer(type, in: file)
                else { return nil }
                return file.offence(type.line, "\(type.name) has no *Safety:* paragraph")
            }
        }
    }

    /// Whether a stored property of `type` itself, not of a type or function in it, is a pointer.
    private static func holdsPointer(_ type: Declaration, in file: SourceFile) -> Bool {
        let property = /^\s*([a-z]+(\(\w+\))?\s+)*(let|var)\s+\w+\s*:[^={]*/
        let pointer = /Unsafe\w*Pointer|OpaquePointer|Unmanaged/
        var depth = 0
        for index in type.body {
            let line = file.code[index]
            if depth == 1, let start = line.firstMatch(of: property), start.0.contains(pointer) {
                return true
            }
            for character in line {
                if character == "{" { depth += 1 }
                if character == "}" { depth -= 1 }
            }
        }
        return false
    }

    /// Every row of the table of behaviours names a test that exists.
    ///
    /// A row is `- sentence — ` and one or more `` `path::test` ``; the test is the name of a
    /// function or the sentence that `@Test` gives it.
    static func behaviours(_ document: String, read: (String) -> String?) -> [String] {
        var found: [String] = []
        var rows = 0
        for (index, line) in document.split(
            separator: "\n", omittingEmptySubsequences: false
        ).enumerated() where line.hasPrefix("- ") {
            rows += 1
            let place = "docs/behaviours.md:\(index + 1): "
            if !line.contains("::") { found.append(place + "names no test") }
            found += missingTests(in: String(line), read: read).map { place + $0 }
        }
        if rows == 0 { found.append("docs/behaviours.md: no rows") }
        return found
    }

    /// Every test that the threat model names exists, and under each kind of attack it names one.
    static func threats(_ document: String, read: (String) -> String?) -> [String] {
        let sections = document.split(separator: "\n## ").dropFirst()
        let attacks = sections.filter { $0.contains("Bound: ") }
        if attacks.isEmpty { return ["docs/threat-model.md: no attacks"] }
        return sections.flatMap { section in
            missingTests(in: String(section), read: read).map { "docs/threat-model.md: " + $0 }
        }
            + attacks.filter { !$0.contains("::") }.map {
                "docs/threat-model.md: \($0.prefix { $0 != "\n" }) names no test"
            }
    }

    /// The tests named in `text` that are not there.
    private static func missingTests(in text: String, read: (String) -> String?) -> [String] {
        text.matches(of: /`([^`]+?)::([^`]+)`/).compactMap { name in
            guard let file = read(String(name.1)) else { return "no file \(name.1)" }
            if contains(test: String(name.2), in: file) { return nil }
            return "no test \(name.2) in \(name.1)"
        }
    }

    private static func contains(test: String, in text: String) -> Bool {
        for opening in ["func \(test)(", "def \(test)(", "func \(test)<"]
        where text.contains(opening) {
            return true
        }
        return text.contains("\"\(test)\"")
    }

    /// No private key is committed.
    static func privateKeys(_ paths: [String], read: (String) -> String?) -> [String] {
        let mark = "PRIVATE KEY" + "-----"
        return paths.compactMap { path in
            if path.hasSuffix(".key") { return "\(path): a key file is committed" }
            guard let text = read(path), text.contains(mark) else { return nil }
            let line = text.prefix(while: { $0 != "-" }).count { $0 == "\n" } + 1
            return "\(path):\(line): a private key is committed"
        }
    }
}
