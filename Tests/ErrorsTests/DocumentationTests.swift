import Errors
import Foundation
import Kernel
import Testing

/// `docs/errors.md` and the catalogue say the same. With GATEHOUSE_WRITE_DOCS=1 the table is
/// rewritten.
@Suite("docs/errors.md")
struct DocumentationTests {
    static let start = "<!-- errors: begin -->\n"
    static let end = "<!-- errors: end -->"

    @Test("has a row for every error, and each row says what the code does")
    func rows() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/errors.md").standardizedFileURL
        var text = try String(contentsOf: file, encoding: .utf8)
        let begin = try #require(text.range(of: Self.start))
        let stop = try #require(text.range(of: Self.end))
        let body = begin.upperBound..<stop.lowerBound
        let table = try Self.table(keepingNotesOf: String(text[body]))
        if ProcessInfo.processInfo.environment["GATEHOUSE_WRITE_DOCS"] == "1" {
            text.replaceSubrange(body, with: table)
            try text.write(to: file, atomically: true, encoding: .utf8)
            return
        }
        #expect(String(text[body]) == table)
        #expect(!table.contains("| missing"))
    }

    /// The columns up to the log come from the code; meaning and advice are kept from the page.
    static func table(keepingNotesOf old: String) throws -> String {
        var notes: [String: String] = [:]
        for line in old.split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 8, let key = cells[4].isEmpty ? nil : cells[4] else { continue }
            notes[key + cells[3]] = "\(cells[6]) | \(cells[7])"
        }
        var table = "| Status | Type | Code | Message | Log | Headers | Meaning | What to do |\n"
        table += "|---|---|---|---|---|---|---|---|\n"
        for error in GatewayError.examples {
            let facts = error.facts
            let log = "`\(facts.logCode)`"
            let message = Self.message(error)
            table += "| \(facts.status) | `\(facts.kind.text)` | `\(facts.code)` | \(message) "
            table += "| \(log) | \(Self.headers(facts)) "
            table += "| \(notes[log + message] ?? "missing | missing") |\n"
        }
        return table
    }

    static func message(_ error: GatewayError) -> String {
        var buffer = ByteBuffer()
        Dialect.openAI(errorParam: false).write(error, into: &buffer)
        let text = buffer.text.dropFirst("{\"error\":{\"message\":\"".count)
        return String(text.prefix(while: { $0 != "\"" }))
    }

    static func headers(_ facts: Facts) -> String {
        var headers: [String] = []
        if facts.retryAfterMilliseconds != nil { headers.append("`Retry-After`, `retry-after-ms`") }
        if let retry = facts.shouldRetry { headers.append("`x-should-retry: \(retry)`") }
        if facts.status == 429 { headers.append("`x-ratelimit-*-requests`") }
        if facts.isClosing { headers.append("`Connection: close`") }
        return headers.isEmpty ? "–" : headers.joined(separator: ", ")
    }
}
