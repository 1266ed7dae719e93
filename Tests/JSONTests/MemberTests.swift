import JSON
import Kernel
import Testing

@Suite struct MemberTests {
    private let probe = JSONProbe()

    /// Spans and what holds them cannot be captured by `#expect`.
    private var model: String { probe.model.text }

    private func summary(_ text: String) throws -> JSONSummary {
        try probe.probe(text.utf8.span)
    }

    private func fault(_ text: String) -> JSONFault? {
        do throws(JSONFault) {
            _ = try probe.probe(text.utf8.span)
            return nil
        } catch {
            return error
        }
    }

    /// The part of `text` a value names.
    private func part(_ text: String, _ value: JSONValue?) -> String? {
        guard let value else { return nil }
        return String(decoding: Array(text.utf8)[value.range], as: UTF8.self)
    }

    @Test("a chat request gives its model, its stream and the places of both")
    func chat() throws {
        let text = """
            {"model": "gpt-4o" , "messages":[{"role":"user","content":"model: \\"x\\""}],
             "stream" : true,
             "stream_options": {"a": {"include_usage": 1}, "include_usage": false } }
            """
        let found = try summary(text)
        #expect(found.root.kind == .object)
        #expect(part(text, found.root) == text)
        #expect(part(text, found.model) == "\"gpt-4o\"")
        #expect(model == "gpt-4o")
        #expect(part(text, found.stream) == "true")
        #expect(found.asksForStream)
        #expect(
            part(text, found.streamOptions)
                == "{\"a\": {\"include_usage\": 1}, \"include_usage\": false }")
        #expect(part(text, found.includeUsage) == "false")
        #expect(found.includeUsage?.bool == false)
    }

    @Test("what is absent is nil, and nothing is left of the body before")
    func absent() throws {
        _ = try summary("{\"model\":\"a\",\"stream\":true}")
        #expect(try summary("{}") == JSONSummary(root: JSONValue(.object, 0..<2)))
        #expect(model == "")
        _ = try summary("{\"model\":\"a\"}")
        #expect(fault("{\"model\":\"b\"") == .invalid)
        #expect(model == "")
    }

    @Test(
        "members of another type are named with it",
        arguments: [
            ("1", JSONValue.Kind.number), ("null", .null), ("true", .true), ("false", .false),
            ("[\"a\"]", .array), ("{\"model\":\"a\"}", .object), ("\"\"", .string),
            ("-0.5e1", .number),
        ])
    func types(text: String, kind: JSONValue.Kind) throws {
        for name in ["model", "stream", "stream_options"] {
            let body = "{\"x\":0,\"\(name)\":\(text) ,\"y\":[{}]}"
            let found = try summary(body)
            let value = [
                "model": found.model, "stream": found.stream, "stream_options": found.streamOptions,
            ][name]
            #expect(value??.kind == kind)
            #expect(part(body, value ?? nil) == text)
            #expect(model == "")
        }
        let body = "{\"stream_options\":{\"include_usage\":\(text)}}"
        let found = try summary(body)
        #expect(found.includeUsage?.kind == kind)
        #expect(part(body, found.includeUsage) == text)
        #expect(part(body, found.streamOptions) == "{\"include_usage\":\(text)}")
    }

    @Test("an escaped key is the key it spells")
    func escapedKeys() throws {
        _ = try summary(#"{"\u006dodel":"a"}"#)
        #expect(model == "a")
        let all = "model".unicodeScalars.map { "\\u00" + String($0.value, radix: 16) }.joined()
        _ = try summary("{\"\(all)\":\"b\"}")
        #expect(model == "b")
        #expect(fault(#"{"model":"a","mod\u0065l":"b"}"#) == .duplicateMember)
        #expect(fault(#"{"stre\u0061m":true,"stream":false}"#) == .duplicateMember)
        #expect(
            try summary(#"{"\u0073tream_options":{"include_us\u0061ge":true}}"#).includeUsage != nil
        )
        let others =
            #"{"model\u0000":"a","Model":"b","mode":"c","model ":"d","\u016dodel":"e","m\todel":1}"#
        #expect(try summary(others).model == nil)
    }

    @Test("a member that occurs twice is refused; others may, and so may nested ones")
    func duplicates() {
        #expect(fault(#"{"model":"a","model":"a"}"#) == .duplicateMember)
        #expect(fault(#"{"model":{},"model":"a"}"#) == .duplicateMember)
        #expect(fault(#"{"stream":null,"x":1,"stream":null}"#) == .duplicateMember)
        #expect(fault(#"{"stream_options":{},"stream_options":{}}"#) == .duplicateMember)
        #expect(
            fault(#"{"stream_options":{"include_usage":1,"include_usage":2}}"#) == .duplicateMember)
        #expect(fault(#"{"x":1,"x":2,"y":{"model":1,"model":2,"stream":1,"stream":2}}"#) == nil)
        #expect(fault(#"{"messages":[{"include_usage":1,"include_usage":2}]}"#) == nil)
    }

    @Test("members count only at the top of an object")
    func nesting() throws {
        let none: [String] = [
            #"{"a":{"model":"x","stream":true}}"#, #"[{"model":"x","stream":true}]"#,
            #"{"stream_options":[{"include_usage":true}]}"#, #"{"a":{"include_usage":true}}"#,
            #"{"include_usage":true}"#, #"{"a":["model","x"]}"#, #"{"a":"model","b":"stream"}"#,
            #"{"stream_options":{"a":{"include_usage":true}}}"#,
        ]
        for text in none {
            let found = try summary(text)
            #expect(
                found.model == nil && found.stream == nil && found.includeUsage == nil, "\(text)")
        }
        #expect(try summary("[1]").root == JSONValue(.array, 0..<3))
        #expect(try summary(" \"model\" ").root == JSONValue(.string, 1..<8))
    }

    @Test("the model is unescaped, and a lone surrogate in it replaced")
    func unescaping() throws {
        let cases: [(String, String)] = [
            (#"a\/b\"\\\b\f\n\r\t"#, "a/b\"\\\u{8}\u{c}\n\r\t"), (#"\u00e9\u20ac"#, "é€"),
            (#"\ud83d\ude00!"#, "😀!"), (#"\ud83d"#, "\u{FFFD}"), (#"\ude00x"#, "\u{FFFD}x"),
            (#"\ud83d\u0041"#, "\u{FFFD}A"), (#"\ud83d\ud83d\ude00"#, "\u{FFFD}😀"),
            (#"\ud83d\n"#, "\u{FFFD}\n"), ("é😀", "é😀"), ("", ""), (#"\u0000"#, "\u{0}"),
        ]
        for (inside, text) in cases {
            _ = try summary("{\"model\":\"\(inside)\"}")
            #expect(model == text)
        }
    }

    @Test("a large body passes, and the probe goes on with small ones")
    func large() throws {
        let message = #"{"role":"user","content":"Überraschung \"quoted\" \n and 12.5e3"},"#
        let count = 10_000_000 / message.utf8.count
        let body =
            "{\"messages\":[" + String(repeating: message, count: count)
            + "{}],\"model\":\"m\",\"stream\":true}"
        #expect(try summary(body).asksForStream)
        #expect(model == "m")
        #expect(fault(String(body.dropLast())) == .invalid)
        #expect(try summary("{\"model\":\"s\"}").model != nil)
        #expect(model == "s")
    }
}
