import Crypto
import Kernel

/// The days and months of all meters as one text, to be kept on disk.
///
/// A line for each meter, between a first line that names the form and a last one with the count of
/// the others and the SHA-256 of everything before it: a file that was cut off, or of which one bit
/// is another, is not believed at all.
public enum CounterFile {
    /// The file is no file of counters, or not whole.
    public struct Corrupt: Error, Equatable, Sendable {}

    /// What one line says.
    public struct Entry: Equatable, Sendable {
        public let subject: MeterTable.Subject
        public let record: MeterRecord

        public init(_ subject: MeterTable.Subject, _ record: MeterRecord) {
            self.subject = subject
            self.record = record
        }
    }

    private static let title: StaticString = "gatehouse counters 1\n"
    private static let digestDigits = 64

    public static func write(_ entries: [Entry], into output: inout ByteBuffer) {
        output.append(title)
        for entry in entries {
            write(entry.subject, into: &output)
            let record = entry.record
            for window in [
                record.requestDay, record.requestMonth, record.tokenDay, record.tokenMonth,
            ] {
                output.append(" ")
                output.append(decimal: Int(clamping: window.start))
                output.append(" ")
                output.append(decimal: window.count)
            }
            output.append("\n")
        }
        output.append("end ")
        output.append(decimal: entries.count)
        output.append(" ")
        let digest = SHA256Hasher().hash(output.bytes)
        digest.appendHex(to: &output)
        output.append("\n")
    }

    public static func read(_ text: Span<UInt8>) throws(Corrupt) -> [Entry] {
        let signed = text.count - digestDigits - 1
        guard signed > 0 else { throw Corrupt() }
        let digest = SHA256Hasher().hash(text.extracting(0..<signed))
        guard text.extracting(signed..<text.count).text == digest.hex + "\n" else {
            throw Corrupt()
        }
        var lines = text.extracting(0..<signed).text.split(separator: "\n")
        guard let last = lines.popLast(), lines.first.map({ $0 + "\n" }) == title.description,
            last == "end \(lines.count - 1) "
        else { throw Corrupt() }
        var entries: [Entry] = []
        for line in lines.dropFirst() { entries.append(try entry(line.split(separator: " "))) }
        return entries
    }

    private static func entry(_ words: [Substring]) throws(Corrupt) -> Entry {
        guard words.count > 8 else { throw Corrupt() }
        var windows: [WindowRecord] = []
        for index in stride(from: words.count - 8, to: words.count, by: 2) {
            guard let start = Int64(words[index]), latest.contains(start),
                let count = Int(words[index + 1]), count >= 0
            else { throw Corrupt() }
            windows.append(WindowRecord(start: start, count: count))
        }
        let record = MeterRecord(
            requestDay: windows[0], requestMonth: windows[1], tokenDay: windows[2],
            tokenMonth: windows[3])
        return Entry(try subject(words.dropLast(8)), record)
    }

    private static let latest = -(Int64(1) << 32)...(Int64(1) << 32)

    private static func subject(
        _ words: ArraySlice<Substring>
    ) throws(Corrupt) -> MeterTable.Subject {
        var names: [[UInt8]] = []
        for word in words.dropFirst() { names.append(try name(word)) }
        switch (words.first, names.count) {
        case ("process", 0): return .process
        case ("key", 1): return .key(text(names[0]))
        case ("project", 1): return .project(text(names[0]))
        case ("user", 2): return .user(project: text(names[0]), names[1])
        default: throw Corrupt()
        }
    }

    private static func write(_ subject: MeterTable.Subject, into output: inout ByteBuffer) {
        switch subject {
        case .process: output.append("process")
        case .key(let id):
            output.append("key")
            write(id.utf8.span, into: &output)
        case .project(let id):
            output.append("project")
            write(id.utf8.span, into: &output)
        case .user(let project, let user):
            output.append("user")
            write(project.utf8.span, into: &output)
            write(user.span, into: &output)
        }
    }

    private static func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }

    /// In hexadecimal digits, behind `=`, so that no name is taken for anything else.
    private static func write(_ name: Span<UInt8>, into output: inout ByteBuffer) {
        output.append(" =")
        for index in name.indices { output.append(hex: UInt64(name[index]), digits: 2) }
    }

    private static func name(_ word: Substring) throws(Corrupt) -> [UInt8] {
        let digits = Array(word.utf8.dropFirst())
        guard word.first == "=", digits.count % 2 == 0 else { throw Corrupt() }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[index..<index + 2], as: UTF8.self)
            guard let byte = UInt8(pair, radix: 16) else { throw Corrupt() }
            bytes.append(byte)
        }
        return bytes
    }
}
