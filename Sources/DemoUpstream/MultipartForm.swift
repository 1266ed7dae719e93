import Kernel

/// The parts of a `multipart/form-data` body (RFC 7578, RFC 2046 section 5.1.1).
struct MultipartForm {
    struct Part: Equatable {
        var name = ""
        var fileName: String?
        /// Where the content lies in the body.
        var content: Range<Int>
    }

    private static let partLimit = 32
    private static let headLimit = 8_192

    private(set) var parts: [Part] = []

    /// Reads `body`; nil when `contentType` names no boundary or the body is not framed by it.
    init?(_ body: Span<UInt8>, contentType: String) {
        guard contentType.lowercased().hasPrefix("multipart/form-data") else { return nil }
        guard let boundary = Self.parameter("boundary", in: contentType), !boundary.isEmpty,
            boundary.utf8.count <= 70
        else { return nil }
        let delimiter = Array("\r\n--\(boundary)".utf8)
        guard body.starts(with: delimiter.span.extracting(2..<delimiter.count)) else { return nil }
        var index = delimiter.count - 2
        while parts.count < Self.partLimit {
            if Self.has("--", in: body, at: index) { return }
            guard Self.has("\r\n", in: body, at: index) else { return nil }
            guard let end = Self.position(of: delimiter, in: body, from: index) else { return nil }
            guard let part = Self.part(body, index + 2..<max(end, index + 2)) else { return nil }
            parts.append(part)
            index = end + delimiter.count
        }
        return nil
    }

    private static func part(_ body: Span<UInt8>, _ range: Range<Int>) -> Part? {
        var part = Part(content: range)
        var start = range.lowerBound
        while start < range.upperBound, start - range.lowerBound < headLimit {
            guard let feed = body.firstIndex(of: 0x0a, from: start), feed < range.upperBound,
                feed > start, body[feed - 1] == 0x0d
            else { return nil }
            if feed - 1 == start {
                part.content = feed + 1..<range.upperBound
                return part
            }
            let line = body.extracting(start..<feed - 1).text
            if line.lowercased().hasPrefix("content-disposition:") {
                part.name = parameter("name", in: line) ?? ""
                part.fileName = parameter("filename", in: line)
            }
            start = feed + 1
        }
        return nil
    }

    /// The value of `name=value` or `name="value"` in a field.
    private static func parameter(_ name: String, in field: String) -> String? {
        for piece in split(field).dropFirst() {
            let sides = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { continue }
            guard sides[0].filter({ $0 != " " }).lowercased() == name else { continue }
            guard sides[1].first == "\"" else { return sides[1].filter { $0 != " " } }
            return String(sides[1].dropFirst().prefix { $0 != "\"" })
        }
        return nil
    }

    /// The pieces between semicolons that stand outside of quotes.
    private static func split(_ field: String) -> [String] {
        var pieces = [""]
        var isQuoted = false
        for character in field {
            if character == "\"" { isQuoted.toggle() }
            if character == ";", !isQuoted {
                pieces.append("")
            } else {
                pieces[pieces.count - 1].append(character)
            }
        }
        return pieces
    }

    private static func has(_ text: StaticString, in body: Span<UInt8>, at index: Int) -> Bool {
        let end = index + text.utf8CodeUnitCount
        return end <= body.count && body.extracting(index..<end).equals(text)
    }

    private static func position(
        of delimiter: [UInt8], in body: Span<UInt8>, from start: Int
    ) -> Int? {
        var index = start
        while let found = body.firstIndex(of: 0x0d, from: index) {
            let end = found + delimiter.count
            guard end <= body.count else { return nil }
            if body.extracting(found..<end).equals(delimiter.span) { return found }
            index = found + 1
        }
        return nil
    }
}
