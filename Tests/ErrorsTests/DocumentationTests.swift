import Errors
import Foundation
import Kernel
import Testing

/// `docs/errors.md` and the catalogue say the same, to the byte, in every dialect. With
/// GATEHOUSE_WRITE_DOCS=1 the tables are rewritten.
@Suite("docs/errors.md", .serialized)
struct DocumentationTests {
    @Test("has a row for every error, and each row says what the code does")
    func rows() throws {
        try check("errors") { try Self.table(keepingNotesOf: $0) }
    }

    @Test("has every body of every dialect")
    func bodies() throws {
        try check("dialects") { _ in Self.dialects.map(Self.section).joined(separator: "\n") }
    }

    private func check(_ name: String, _ make: (String) throws -> String) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/errors.md").standardizedFileURL
        var text = try String(contentsOf: file, encoding: .utf8)
        let begin = try #require(text.range(of: "<!-- \(name): begin -->\n"))
        let stop = try #require(text.range(of: "<!-- \(name): end -->"))
        let body = begin.upperBound..<stop.lowerBound
        let made = try make(String(text[body]))
        #expect(!made.contains("| missing"))
        if ProcessInfo.processInfo.environment["GATEHOUSE_WRITE_DOCS"] == "1" {
            text.replaceSubrange(body, with: made)
            try text.write(to: file, atomically: true, encoding: .utf8)
            return
        }
        #expect(String(text[body]) == made)
    }

    // MARK: OpenAI's dialect, with what an error means

    /// The columns up to the log come from the code; meaning and advice are kept from the page.
    static func table(keepingNotesOf old: String) throws -> String {
        var notes: [String: String] = [:]
        for line in old.split(separator: "\n") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 8, let key = cells[4].isEmpty ? nil : cells[4] else { continue }
            notes[key] = "\(cells[6]) | \(cells[7])"
        }
        var table = "| Status | Type | Code | Message | Log | Headers | Meaning | What to do |\n"
        table += "|---|---|---|---|---|---|---|---|\n"
        for error in GatewayError.examples {
            let dialect = Dialect.openAI(errorParam: false)
            let members = try JSONDecoder().decode(
                [String: [String: String]].self, from: Data(body(error, in: dialect).utf8))
            let words = try #require(members["error"])
            let log = logName(error)
            let cells = [
                "\(dialect.status(of: error))", "`\(words["type"] ?? "")`",
                "`\(words["code"] ?? "")`", words["message"] ?? "", log,
                headers(error, in: dialect), notes[log] ?? "missing | missing",
            ]
            table += "| " + cells.joined(separator: " | ") + " |\n"
        }
        return table
    }

    /// The name in the log; with the reason where that tells rows apart.
    static func logName(_ error: GatewayError) -> String {
        let facts = error.facts
        let code = facts.logCode.description
        let namesakes = GatewayError.examples.filter { $0.facts.logCode.description == code }
        guard namesakes.count > 1 || code == "quota_exceeded" else { return "`\(code)`" }
        return "`\(code)` (`\(facts.logReason)`)"
    }

    static func headers(_ error: GatewayError, in dialect: Dialect) -> String {
        let facts = error.facts
        var headers: [String] = []
        if let field = dialect.field(of: error) {
            headers.append("`\(field.name): \(field.value)`")
        }
        if facts.retryAfterMilliseconds != nil { headers.append("`Retry-After`, `retry-after-ms`") }
        if let retry = facts.shouldRetry { headers.append("`x-should-retry: \(retry)`") }
        if facts.isClosing { headers.append("`Connection: close`") }
        return headers.isEmpty ? "–" : headers.joined(separator: ", ")
    }

    // MARK: Every dialect

    static let dialects: [(name: String, dialect: Dialect)] = [
        ("openai", .openAI(errorParam: true)), ("bve", .openAI(errorParam: false)),
        ("behestAdmin", .behestAdmin), ("behest, edgeDialect: kong", .behestEdge),
        ("behest", .behestData), ("onecli", .oneCLI), ("onecliObject", .oneCLIObject),
        ("onecliGateway", .oneCLIGateway), ("devsphere", .devSphere),
    ]

    /// One of each error, and the quotas whose numbers stand in answers.
    static let errors: [GatewayError] =
        GatewayError.examples
        + [
            quota("free", .user, .requests, .day, 100), quota(nil, .project, .tokens, .month, 9),
            quota(nil, .key, .requests, .month, 9),
        ]

    static func quota(
        _ tier: String?, _ subject: QuotaFacts.Subject, _ unit: QuotaFacts.Unit,
        _ window: QuotaFacts.Window, _ limit: Int
    ) -> GatewayError {
        .quotaExceeded(
            QuotaFacts(
                tier: tier, subject: subject, unit: unit, window: window, limit: limit,
                used: limit, resetMilliseconds: 1_000))
    }

    /// Errors that are answered alike share a row.
    static func section(_ name: String, _ dialect: Dialect) -> String {
        var rows: [(answer: String, errors: [String])] = []
        for error in errors {
            let text = body(error, in: dialect)
            var answer = "| \(dialect.status(of: error)) | "
            answer += text.isEmpty ? "no body |" : "`\(text)` |"
            if let field = dialect.field(of: error), dialect.status(of: error) != 401 {
                answer += " `\(field.name): \(field.value)`<br>"
            }
            if let same = rows.firstIndex(where: { $0.answer == answer }) {
                rows[same].errors.append(logName(error))
            } else {
                rows.append((answer, [logName(error)]))
            }
        }
        let lines = rows.map { "\($0.answer) \($0.errors.joined(separator: ", ")) |" }
        return "### `\(name)`\n\n" + "| Status | Body | Errors, by their names in the log |\n"
            + "|---|---|---|\n" + lines.joined(separator: "\n") + "\n"
    }
}
