import HTTP
import Kernel
import Telemetry
import Testing

private let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

private func parse(_ text: String) -> TraceParent? { TraceParent(text.utf8.span) }

private func fields(_ pairs: [(String, String)]) -> Fields {
    var fields = Fields()
    for (name, value) in pairs { fields.append(name: name.utf8.span, value: value.utf8.span) }
    return fields
}

private func written(_ write: (inout ByteBuffer) -> Void) -> String {
    var buffer = ByteBuffer()
    write(&buffer)
    return buffer.text
}

@Suite("A trace context")
struct TraceContextTests {
    @Test("reads what W3C allows")
    func parsing() throws {
        let parent = try #require(parse(valid))
        #expect(parent.traceHigh == 0x0af7_6519_16cd_43dd)
        #expect(parent.traceLow == 0x8448_eb21_1c80_319c)
        #expect(parent.parentID == 0xb7ad_6b71_6920_3331)
        #expect(parent.isSampled)
        let unsampled = try #require(parse(String(valid.dropLast(2)) + "00"))
        #expect(!unsampled.isSampled)
        #expect(parse("cc" + valid.dropFirst(2)) != nil)
        #expect(parse("cc" + valid.dropFirst(2) + "-what-the-future-brings") != nil)
        #expect(parse(String(valid.dropLast(2)) + "ff")?.isSampled == true)
    }

    static let invalid = [
        "", "00", String(valid.dropLast()), valid + "0", valid + "-00", valid.uppercased(),
        "ff" + valid.dropFirst(2), "0g" + valid.dropFirst(2), "cc" + valid.dropFirst(2) + "x",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
        "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
        " " + valid.dropLast(),
    ]

    @Test("refuses what W3C forbids", arguments: invalid)
    func refusal(text: String) {
        #expect(parse(text) == nil)
    }

    @Test("continues the client's trace with a span of its own")
    func continued() {
        let incoming = fields([("Traceparent", valid)])
        let trace = TraceContext(incoming, random: (1, 2, 3))
        #expect(trace.isContinued)
        #expect(written(trace.writeTraceID) == "0af7651916cd43dd8448eb211c80319c")
        #expect(
            written(trace.writeTraceParent)
                == "00-0af7651916cd43dd8448eb211c80319c-0000000000000003-01")
    }

    @Test("begins a trace without a valid one, and never with zeros")
    func begun() {
        for pairs in [
            [], [("traceparent", "x")], [("traceparent", valid), ("traceparent", valid)],
        ] {
            let incoming = fields(pairs)
            let trace = TraceContext(incoming, random: (0xa, 0xb, 0xc))
            #expect(!trace.isContinued)
            #expect(written(trace.writeTraceID) == "000000000000000a000000000000000b")
        }
        let zero = TraceContext(random: (0, 0, 0))
        let parsed = written(zero.writeTraceParent)
        #expect(parse(parsed) != nil)
    }
}

@Suite("A request id")
struct RequestIDTests {
    func id(_ pairs: [(String, String)]) -> String {
        let incoming = fields(pairs)
        return RequestID(incoming, random: (.max, .max)).text
    }

    let fresh = "ffffffff-ffff-4fff-bfff-ffffffffffff"

    @Test("is the client's when it may be")
    func kept() {
        let longest = String(repeating: "a", count: 128)
        for own in ["a", "Req_1.2-3", longest, "0"] { #expect(id([("X-Request-Id", own)]) == own) }
    }

    @Test("is a new UUID otherwise")
    func replaced() {
        let tooLong = String(repeating: "a", count: 129)
        for own in ["", "a b", "a\"b", "é", "a/b", tooLong, "a,b"] {
            #expect(id([("x-request-id", own)]) == fresh)
        }
        #expect(id([]) == fresh)
        #expect(id([("x-request-id", "a"), ("x-request-id", "b")]) == fresh)
    }

    @Test("of version 4 holds the random bits in order")
    func uuid() {
        let zero = RequestID(random: (0, 0)).text
        #expect(zero == "00000000-0000-4000-8000-000000000000")
        let mixed = RequestID(random: (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210)).text
        #expect(mixed == "01234567-89ab-4def-bedc-ba9876543210")
    }
}

@Suite("A timestamp")
struct TimestampTests {
    static let times: [(Int64, String)] = [
        (0, "1970-01-01T00:00:00.000Z"), (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        (1_709_251_200_000, "2024-03-01T00:00:00.000Z"), (7, "1970-01-01T00:00:00.007Z"),
        (951_782_400_050, "2000-02-29T00:00:00.050Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
    ]

    @Test("is written with milliseconds in UTC, cached or not")
    func writing() {
        var timestamp = Timestamp()
        for (milliseconds, text) in Self.times + Self.times.reversed() {
            var buffer = ByteBuffer()
            let time = UnixTime(nanoseconds: milliseconds * 1_000_000 + 999_999)
            timestamp.write(time, into: &buffer)
            #expect(buffer.text == text)
        }
    }
}
