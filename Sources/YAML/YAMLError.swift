/// Why a text is not a YAML document that is accepted here, and where.
public struct YAMLError: Error, Equatable, CustomStringConvertible {
    /// The kinds of faults a caller may want to tell apart.
    public enum Reason: Sendable, Equatable {
        /// The bytes are not UTF-8, or hold a control character.
        case encoding
        /// The text breaks YAML's grammar.
        case syntax
        case duplicateKey(String)
        /// A key that is itself a sequence or a mapping.
        case compositeKey
        /// An alias without an anchor before it, or within the node it names.
        case unknownAnchor(String)
        /// Explicit tags choose types behind the reader's back; none are accepted.
        case tag
        case severalDocuments
        /// Deeper or, with aliases expanded, larger than `YAML.Bounds` allow.
        case tooDeep
        case tooLarge
    }

    public var reason: Reason
    public var mark: Mark
    /// In words, for the person who wrote the file.
    public var message: String

    public init(_ reason: Reason, at mark: Mark, _ message: String) {
        self.reason = reason
        self.mark = mark
        self.message = message
    }

    public var description: String { "\(mark.line):\(mark.column): \(message)" }
}
