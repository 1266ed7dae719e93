import Errors
import Foundation
import HTTP
import Kernel
import Telemetry
import Testing

private func line(
    _ record: AccessLogRecord, path: String, method: String = "", model: String = ""
) -> String {
    var buffer = ByteBuffer()
    var timestamp = Timestamp()
    record.write(
        path: path.utf8.span, methodText: method.utf8.span, model: model.utf8.span, &timestamp,
        into: &buffer)
    return buffer.text
}

private func makeRecord(_ method: HTTP.Method = .post) -> AccessLogRecord {
    AccessLogRecord(
        time: UnixTime(nanoseconds: 1_709_251_199_123_000_000),
        requestID: RequestID(random: (0, 0)), trace: TraceContext(random: (1, 2, 3)),
        client: IPAddress(v4: 0x7f00_0001), method: method, status: 200, version: .http2)
}

@Suite("A line of the access log")
struct AccessLogRecordTests {
    @Test("holds the whole record, in a fixed order")
    func whole() {
        var record = makeRecord()
        record.site = "default"
        record.route = "chat"
        record.keyID = "key-1"
        record.status = 502
        record.error = .upstreamFailed(.timedOut(.idle))
        record.bytesIn = 12
        record.bytesOut = 34
        record.durationNanoseconds = 1_234_567_890
        record.connectNanoseconds = 999
        record.firstByteNanoseconds = 45_678_000
        record.upstream = "10.0.0.1:443"
        record.upstreamVersion = .http1
        record.cancelledBy = .client
        let expected =
            "{\"time\":\"2024-02-29T23:59:59.123Z\","
            + "\"request_id\":\"00000000-0000-4000-8000-000000000000\","
            + "\"trace_id\":\"00000000000000010000000000000002\",\"client\":\"127.0.0.1\","
            + "\"site\":\"default\",\"route\":\"chat\",\"key_id\":\"key-1\",\"method\":\"POST\","
            + "\"path\":\"/v1/chat/completions\",\"status\":502,\"error\":\"upstream_error\","
            + "\"reason\":\"idle_timeout\",\"bytes_in\":12,\"bytes_out\":34,"
            + "\"model\":\"gpt-4o\",\"duration_ms\":1234.567,\"connect_ms\":0.000,"
            + "\"first_byte_ms\":45.678,\"upstream\":\"10.0.0.1:443\",\"protocol\":\"h2\","
            + "\"upstream_protocol\":\"http/1.1\",\"cancelled_by\":\"client\"}\n"
        #expect(line(record, path: "/v1/chat/completions?key=secret", model: "gpt-4o") == expected)
    }

    @Test("every member is explained on the page for operators")
    func documented() throws {
        var record = makeRecord()
        record.site = "s"
        record.route = "r"
        record.keyID = "k"
        record.error = .upstreamFailed(.reset)
        record.inputTokens = 1
        record.outputTokens = 2
        record.estimatedTokens = 3
        record.attempts = 2
        record.connectNanoseconds = 4
        record.firstByteNanoseconds = 5
        record.upstream = "u"
        record.upstreamVersion = .http1
        record.cancelledBy = .gateway
        for member in Mirror(reflecting: record).children {
            let value = Mirror(reflecting: member.value)
            let isMissing = value.displayStyle == .optional && value.children.isEmpty
            #expect(!isMissing, "set \(member.label ?? ""), which is new")
        }
        let written = line(record, path: "/", model: "m").matches(of: /"([a-z_]+)":/).map(\.1)
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/operations.md")
        let page = try String(contentsOf: file, encoding: .utf8)
        let rows = page.split(separator: "<!-- log: begin -->")[1]
            .split(separator: "<!-- log: end -->")[0]
        let explained = rows.matches(of: /\n\| `([a-z_]+)` \|/).map(\.1)
        #expect(written == explained)
    }

    @Test("leaves out what there is not")
    func sparse() {
        let text = line(makeRecord(.get), path: "/")
        for name in ["site", "route", "key_id", "error", "reason", "model", "connect", "upstream"] {
            #expect(!text.contains("\"\(name)"), "\(name)")
        }
        #expect(!line(makeRecord(), path: "").contains("cancelled_by"))
    }

    @Test("stays one line of valid JSON whatever a client sends", arguments: 0..<30)
    func hostile(seed: UInt8) throws {
        var state = UInt32(seed) &* 2_654_435_761 &+ 1
        var bytes: [UInt8] = []
        for _ in 0..<Int(seed) * 100 {
            state = state &* 1_664_525 &+ 1_013_904_223
            bytes.append(UInt8(truncatingIfNeeded: state >> 24))
        }
        bytes.removeAll { $0 == UInt8(ascii: "?") }
        var buffer = ByteBuffer()
        var timestamp = Timestamp()
        var record = makeRecord(.other)
        record.site = "a\"\n\u{1}"
        record.write(
            path: bytes.span, methodText: bytes.span, model: bytes.span, &timestamp, into: &buffer)
        let text = buffer.text
        #expect(text.utf8.count(where: { $0 == UInt8(ascii: "\n") }) == 1)
        #expect(text.utf8.count < 12_000)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let members = try #require(object as? [String: Any])
        #expect(members["status"] as? Int == 200)
        #expect(members["site"] as? String == "a\"\n\u{1}")
    }

    @Test("is bounded however long the path")
    func bound() {
        let text = line(makeRecord(), path: "/" + String(repeating: "x", count: 100_000))
        #expect(text.utf8.count < AccessLogRecord.longestPath + 500)
    }
}
