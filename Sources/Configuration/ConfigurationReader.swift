import Kernel
import YAML

/// Turns nodes into settings and gathers everything that is wrong on the way.
struct ConfigurationReader {
    private struct Declaration {
        var file: String
        var mark: Mark
    }

    private struct Use {
        var kind: Reference
        var name: String
        var file: String
        var mark: Mark
    }

    /// Named in problems.
    var file: String
    /// Absolute; relative paths start here.
    let folder: String
    /// Whether files and variables the configuration names must exist now.
    let checksFiles: Bool
    let environment: (String) -> String?
    private(set) var problems: [Problem] = []
    private var declared: [Reference: [String: Declaration]] = [:]
    private var uses: [Use] = []

    init(
        file: String, folder: String, checksFiles: Bool, environment: @escaping (String) -> String?
    ) {
        self.file = file
        self.folder = folder
        self.checksFiles = checksFiles
        self.environment = environment
    }

    mutating func report(_ message: String, at mark: Mark) {
        problems.append(
            Problem(file: file, line: mark.line, column: mark.column, message: message))
    }

    /// Reads the settings of a mapping, in the order of the table.
    mutating func read<S: Section>(_ node: YAMLNode, into section: inout S) {
        var pairs: [YAMLPair] = []
        switch node.value {
        case .mapping(let entries): pairs = entries
        case .scalar where node.isNull: break
        default:
            report("expected settings (`name: value`)", at: node.mark)
            return
        }
        let names = S.settings.map(\.name)
        for pair in pairs where !names.contains(pair.key) {
            let hint = Spelling.suggestion(for: pair.key, among: names)
            let known = hint.map { "did you mean \"\($0)\"?" } ?? "known here: \(names.list)"
            report("unknown setting \"\(pair.key)\"; \(known)", at: pair.keyMark)
        }
        for setting in S.settings {
            if let pair = pairs.first(where: { $0.key == setting.name }) {
                setting.read(pair.value, &section, &self)
            } else if setting.isRequired {
                report("\"\(setting.name)\" is missing", at: node.mark)
            }
        }
        section.finish(node, &self)
    }

    /// Reports a word that is none of `words`, with the one that was probably meant.
    mutating func reportUnknown(_ node: YAMLNode, among words: [String], expected: String) {
        guard case .scalar(let text, _) = node.value else {
            return report("expected \(expected)", at: node.mark)
        }
        let hint = Spelling.suggestion(for: text, among: words).map { "; did you mean \"\($0)\"?" }
        report("expected \(expected), not \"\(text)\"" + (hint ?? ""), at: node.mark)
    }

    // MARK: Names

    mutating func declare(_ kind: Reference, _ name: String, at mark: Mark, shown: String? = nil) {
        if let first = declared[kind]?[name] {
            let place = first.file == file ? "" : "\(first.file):"
            report(
                "\(kind.rawValue) \"\(shown ?? name)\" is taken"
                    + " (\(place)\(first.mark.line):\(first.mark.column))", at: mark)
        } else {
            declared[kind, default: [:]][name] = Declaration(file: file, mark: mark)
        }
    }

    mutating func refer(to kind: Reference, _ name: String, at mark: Mark) {
        uses.append(Use(kind: kind, name: name, file: file, mark: mark))
    }

    /// Reports every reference to what nobody declared. Called once everything is read.
    mutating func resolveReferences() {
        for use in uses where declared[use.kind]?[use.name] == nil {
            let names = (declared[use.kind] ?? [:]).keys.sorted()
            let hint = Spelling.suggestion(for: use.name, among: names)
            let known = hint.map { "did you mean \"\($0)\"?" } ?? "there is: \(names.list)"
            problems.append(
                Problem(
                    file: use.file, line: use.mark.line, column: use.mark.column,
                    message: "no \(use.kind.rawValue) is named \"\(use.name)\"; \(known)"))
        }
        uses = []
    }

    // MARK: Files

    /// `path` from the root, without `.` and `..` where they can be resolved by the text alone.
    func absolute(_ path: String) -> String {
        let joined = path.utf8.first == UInt8(ascii: "/") ? path : folder + "/" + path
        var parts: [Substring] = []
        for part in joined.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        let isFromRoot = joined.utf8.first == UInt8(ascii: "/")
        return (isFromRoot ? "/" : "") + parts.joined(separator: "/")
    }

    /// Reads another file that has the form of `section`, and lends `use` what was read while
    /// problems are still that file's.
    mutating func readFile<S: Section>(
        _ path: String, limit: Int, at mark: Mark, into section: inout S,
        then use: (YAMLNode, inout S, inout ConfigurationReader) -> Void = { _, _, _ in }
    ) {
        guard let contents = contents(of: path, limit: limit, at: mark) else { return }
        let outer = file
        file = path
        defer { file = outer }
        do throws(YAMLError) {
            var bounds = YAML.Bounds()
            bounds.nodes = 16_000_000
            let root = try YAML.parse(contents.bytes, bounds: bounds)
            read(root, into: &section)
            use(root, &section, &self)
        } catch {
            report(error.message, at: error.mark)
        }
    }

    /// The file at `path`; nil after reporting why not, or, where files are not checked, silently.
    mutating func contents(of path: String, limit: Int, at mark: Mark) -> ByteBuffer? {
        do throws(FileContents.Failure) {
            return try FileContents.read(path, limit: limit)
        } catch {
            if checksFiles { report("cannot read \(path): \(error)", at: mark) }
            return nil
        }
    }
}

extension [String] {
    /// For a problem's text.
    fileprivate var list: String { isEmpty ? "nothing" : joined(separator: ", ") }
}
