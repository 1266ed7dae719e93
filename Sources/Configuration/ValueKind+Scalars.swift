import Kernel

extension ValueKind where Value == Int {
    /// A whole number; `_` may separate digits.
    static func whole(_ range: ClosedRange<Int>) -> ValueKind {
        let name = "whole number, \(Numbers.bounds(range) { String($0) })"
        return scalar(name, isPlain: true, write: { String($0) }) { text in
            guard let number = Numbers.whole(text), range.contains(number) else { return nil }
            return number
        }
    }

    /// Seconds with up to three decimals, kept as milliseconds.
    static func seconds(_ range: ClosedRange<Int>) -> ValueKind {
        let name = "seconds, \(Numbers.bounds(range, Numbers.seconds))"
        return scalar(name, isPlain: true, write: Numbers.seconds) { text in
            guard let number = Numbers.milliseconds(text), range.contains(number) else {
                return nil
            }
            return number
        }
    }
}

extension ValueKind where Value == Int? {
    /// A count, or the word that stands for none.
    static func whole(_ range: ClosedRange<Int>, or word: String) -> ValueKind {
        let name = "`\(word)` or whole number, \(Numbers.bounds(range) { String($0) })"
        return ValueKind(
            name: name,
            read: { node, _, reader in
                if node.value == .scalar(word, isPlain: true) { return .some(nil) }
                guard case .scalar(let text, isPlain: true) = node.value,
                    let number = Numbers.whole(text), range.contains(number)
                else {
                    reader.report("expected \(name)", at: node.mark)
                    return nil
                }
                return .some(number)
            }, write: { $0.map { String($0) } ?? word })
    }
}

extension ValueKind where Value == Bool {
    static var bool: ValueKind {
        scalar("`true` or `false`", isPlain: true, write: { String($0) }) { text in
            text == "true" ? true : text == "false" ? false : nil
        }
    }
}

extension ValueKind
where Value: RawRepresentable & CaseIterable & SendableMetatype, Value.RawValue == String {
    /// One of the words of an enumeration.
    static var choice: ValueKind {
        let words = Value.allCases.map(\.rawValue)
        let name = words.map { "`\($0)`" }.joined(separator: ", ")
        return ValueKind(
            name: name,
            read: { node, _, reader in
                if case .scalar(let text, _) = node.value, let value = Value(rawValue: text) {
                    return value
                }
                reader.reportUnknown(node, among: words, expected: "one of \(name)")
                return nil
            }, write: { $0.rawValue })
    }
}

extension ValueKind where Value == String {
    /// Any text of 1 to `limit` bytes without control characters.
    static func text(_ name: String = "text", limit: Int = 1_024) -> ValueKind {
        scalar(name, expected: "\(name) of 1 to \(limit) bytes", write: { $0 }) { text in
            let isFit = (1...limit).contains(text.utf8.count)
            return isFit && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } ? text : nil
        }
    }

    /// A word to refer to, the only one of its kind in the whole configuration.
    static func name(of kind: Reference) -> ValueKind {
        let name = "name: 1 to 128 of `A-Z a-z 0-9 . _ -`"
        let word = scalar(name, write: { $0 }) { Names.isName($0) ? $0 : nil }
        return word.unique(kind)
    }

    /// The name of something that is declared elsewhere in the file.
    static func reference(to kind: Reference) -> ValueKind {
        let word = text("name of \(kind.article) \(kind.rawValue)")
        return ValueKind(
            name: word.name,
            read: { node, current, reader in
                let value = word.read(node, current, &reader)
                if let value { reader.refer(to: kind, value, at: node.mark) }
                return value
            }, write: word.write)
    }

    /// A path; a relative one starts from the configuration file's folder.
    static var path: ValueKind {
        let text = text("path", limit: 4_096)
        return ValueKind(
            name: "path",
            read: { node, current, reader in
                text.read(node, current, &reader).map { reader.absolute($0) }
            }, write: { $0 })
    }

    /// The path of a file that can be read now.
    static var file: ValueKind {
        ValueKind(
            name: "path of a readable file",
            read: { node, current, reader in
                guard let path = path.read(node, current, &reader) else { return nil }
                if reader.checksFiles, let obstacle = FileContents.obstacle(path) {
                    reader.report("cannot read \(path): \(obstacle)", at: node.mark)
                }
                return path
            }, write: { $0 })
    }

    /// A header field's name, kept in lower case (RFC 9110 section 5.1).
    static var fieldName: ValueKind {
        scalar("header field name", write: { $0 }) { text in
            Names.isToken(text) ? text.lowercased() : nil
        }
    }

    /// A host name or address without a port, kept in lower case; the only one of its kind. `*.`
    /// stands for one label in front.
    static var host: ValueKind {
        let host = scalar("host name without port", write: { $0 }) { text in
            let name = text.lowercased()
            let tail = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
            return HostName.isValid(tail) || IPAddress(name) != nil ? name : nil
        }
        return host.unique(.host)
    }

    /// The name of an environment variable.
    static var variable: ValueKind {
        scalar("name of an environment variable", write: { $0 }) { text in
            Names.isVariable(text) ? text : nil
        }
    }

    /// A value that nobody else may have.
    func unique(_ kind: Reference) -> ValueKind {
        let read = self.read
        return ValueKind(
            name: name,
            read: { node, current, reader in
                let value = read(node, current, &reader)
                if let value { reader.declare(kind, value, at: node.mark) }
                return value
            }, write: write)
    }
}

extension ValueKind where Value: CustomStringConvertible & SendableMetatype {
    /// A type that reads and writes itself.
    static func parsed(
        _ name: String, _ parse: @escaping @Sendable (String) -> Value?
    ) -> ValueKind {
        scalar(name, write: { $0.description }, parse: parse)
    }
}
