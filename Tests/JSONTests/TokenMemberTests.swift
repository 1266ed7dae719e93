import JSON
import Kernel
import Testing

@Suite("What a request says about the tokens of its answer")
struct TokenMemberTests {
    private let probe = JSONProbe()

    private func output(_ text: String) throws -> Int? {
        try probe.probe(text.utf8.span).outputTokens(in: text.utf8.span)
    }

    /// `text`, made to ask for usage; nil where nothing is to be changed.
    private func demanding(_ text: String) throws -> String? {
        let summary = try probe.probe(text.utf8.span)
        guard let demand = summary.usageDemand(in: text.utf8.span) else { return nil }
        var bytes = Array(text.utf8)
        bytes.replaceSubrange(demand.range, with: demand.text.description.utf8)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "each name for the bound is read, the largest counts, for as many answers as are asked for",
        arguments: [
            (#"{"max_tokens":7}"#, 7), (#"{"max_completion_tokens": 8 }"#, 8),
            (#"{"max_output_tokens":9}"#, 9), (#"{"m\u0061x_tokens":5}"#, 5),
            (#"{"max_tokens":1,"max_completion_tokens":30,"max_output_tokens":2}"#, 30),
            (#"{"n":4,"max_tokens":10}"#, 40), (#"{"n":0,"max_tokens":10}"#, 10),
            (#"{"max_tokens":99999999999}"#, 1_000_000_000),
            (#"{"n":999999999,"max_tokens":999999999}"#, 1_000_000_000),
        ])
    func bounds(body: String, tokens: Int) throws {
        #expect(try output(body) == tokens)
    }

    @Test(
        "what is no whole number bounds nothing",
        arguments: [
            "{}", #"{"max_tokens":null}"#, #"{"max_tokens":-5}"#, #"{"max_tokens":1.5}"#,
            #"{"max_tokens":1e3}"#, #"{"max_tokens":"7"}"#, #"{"max_tokens":{"max_tokens":7}}"#,
            #"{"max_tokens":123456789012345678901234567890}"#, #"{"a":{"max_tokens":7}}"#,
            #"{"n":3}"#, #"[{"max_tokens":7}]"#,
        ])
    func unbounded(body: String) throws {
        #expect(try output(body) == nil)
    }

    @Test(
        "a bound that is said twice is refused",
        arguments: ["max_tokens", "max_completion_tokens", "max_output_tokens", "n"])
    func twice(name: String) {
        #expect(throws: JSONFault.duplicateMember) {
            try output(#"{"\#(name)":1,"\#(name)":2}"#)
        }
    }

    @Test(
        "a stream is made to tell its usage by one insertion, and not otherwise",
        arguments: [
            (#" { "stream":true}"#, #" {"stream_options":{"include_usage":true}, "stream":true}"#),
            (
                #"{"stream_options":{},"stream":true}"#,
                #"{"stream_options":{"include_usage":true},"stream":true}"#
            ),
            (
                #"{"stream_options":{ "x":1}}"#,
                #"{"stream_options":{"include_usage":true, "x":1}}"#
            ),
            (
                "{\"stream_options\":{ \n}}",
                "{\"stream_options\":{\"include_usage\":true \n}}"
            ),
            (#"{"stream_options":null}"#, #"{"stream_options":{"include_usage":true}}"#),
            (
                #"{"stream_options":{"include_usage":false}}"#,
                #"{"stream_options":{"include_usage":true}}"#
            ),
            (#"{"stream_options":{"include_usage":true}}"#, nil), (#"{"stream_options":7}"#, nil),
        ] as [(String, String?)])
    func usage(body: String, changed: String?) throws {
        #expect(try demanding(body) == changed)
        guard let changed else { return }
        #expect(try probe.probe(changed.utf8.span).includeUsage?.bool == true)
        #expect(try demanding(changed) == nil)
    }
}
