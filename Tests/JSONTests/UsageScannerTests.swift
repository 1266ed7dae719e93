import Kernel
import Testing

@testable import JSON

@Suite("Token counts are read from an answer that passes by")
struct UsageScannerTests {
    struct Sample: CustomTestStringConvertible {
        let name: String
        let answer: String
        let usage: TokenUsage
        var testDescription: String { name }
    }

    static let samples = [
        Sample(
            name: "a chat completion",
            answer: """
                {"id":"c","choices":[{"message":{"content":\
                "say \\"usage\\":{\\"prompt_tokens\\":9}"}}],\
                "usage":{"prompt_tokens":3,"completion_tokens":6,"total_tokens":9,\
                "prompt_tokens_details":{"cached_tokens":2,"prompt_tokens":77},\
                "completion_tokens_details":{"reasoning_tokens":1}},"service_tier":"default"}
                """,
            usage: TokenUsage(input: 3, output: 6)),
        Sample(
            name: "a stream that says null until its last chunk",
            answer: """
                data: {"choices":[{"delta":{"content":"usage"}}],"usage":null}\n
                data: {"choices":[{"delta":{"content":"\\"usage\\""}}],"usage":null}\n
                data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":34}}\n
                data: [DONE]\n
                """,
            usage: TokenUsage(input: 12, output: 34)),
        Sample(
            name: "embeddings, which have no output",
            answer: """
                {"data":[{"embedding":[0.25,1e-3]}],"usage":{"prompt_tokens":8,"total_tokens":8}}
                """,
            usage: TokenUsage(input: 8)),
        Sample(
            name: "the last event of the Responses API",
            answer: """
                event: response.completed
                data: {"type":"response.completed","response":{"tools":[{"parameters":\
                {"properties":{"usage":{"type":"object",\
                "properties":{"input_tokens":{"type":"integer"}}}}}}],\
                "usage":{"input_tokens":36,"input_tokens_details":{"cached_tokens":0},\
                "output_tokens":87,"output_tokens_details":{"reasoning_tokens":0},\
                "total_tokens":123},"user":null}}\n
                """,
            usage: TokenUsage(input: 36, output: 87)),
        Sample(
            name: "Anthropic's first and last event",
            answer: """
                event: message_start
                data: {"type":"message_start","message":{"usage":{"input_tokens":25,\
                "cache_creation_input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}}}\n
                event: message_delta
                data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},\
                "usage":{"output_tokens":15}}\n
                """,
            usage: TokenUsage(input: 40, output: 15)),
        Sample(
            name: "white space where JSON allows it",
            answer: "{ \"usage\" \t:\r\n { \"prompt_tokens\" : 1 ,\n \"completion_tokens\":\t2 } }",
            usage: TokenUsage(input: 1, output: 2)),
        Sample(
            name: "a string that ends like the name",
            answer: """
                {"a":"say \\"usage","b":"usage","usage":{"input_tokens":1,"output_tokens":2}}
                """,
            usage: TokenUsage(input: 1, output: 2)),
        Sample(
            name: "the beginning of the name, twice over",
            answer: #"{"usag":0,"usa":"usage"usage":{"input_tokens":4}}"#,
            usage: TokenUsage()),
        Sample(
            name: "the name behind an escaped quote and a shared one",
            answer: #"{"a":"\\"usage"usage":{"input_tokens":4}}"#,
            usage: TokenUsage(input: 4)),
        Sample(
            name: "numbers that are no counts",
            answer: """
                {"usage":{"prompt_tokens":1.5,"completion_tokens":-2,"input_tokens":"7",\
                "output_tokens":12345678901234567890}}
                """,
            usage: TokenUsage()),
        Sample(
            name: "an object that is cut off",
            answer: #"{"usage":{"prompt_tokens":1,"completion_tokens":2"#,
            usage: TokenUsage()),
        Sample(name: "an answer without any", answer: #"{"object":"list"}"#, usage: TokenUsage()),
        Sample(name: "nothing", answer: "", usage: TokenUsage()),
    ]

    private func scan(_ bytes: [UInt8], cutAt cuts: [Int]) -> TokenUsage {
        var scanner = UsageScanner()
        var start = 0
        for end in cuts + [bytes.count] {
            scanner.passed(bytes.span.extracting(start..<end))
            start = end
        }
        return scanner.usage
    }

    @Test("in one piece, cut at every place, and byte by byte", arguments: samples)
    func everySplit(sample: Sample) {
        let bytes = Array(sample.answer.utf8)
        #expect(scan(bytes, cutAt: []) == sample.usage)
        for cut in 0...bytes.count {
            #expect(scan(bytes, cutAt: [cut]) == sample.usage, "cut at \(cut)")
        }
        if bytes.count > 0 {
            #expect(scan(bytes, cutAt: Array(1..<bytes.count)) == sample.usage)
        }
    }

    @Test("cut into any number of pieces", arguments: samples)
    func randomSplits(sample: Sample) {
        let bytes = Array(sample.answer.utf8)
        for seed in 0..<200 as Range<UInt64> {
            var state = seed
            var cuts: [Int] = []
            for place in 0...bytes.count {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                if state >> 61 == 0 { cuts.append(place) }
            }
            #expect(scan(bytes, cutAt: cuts) == sample.usage, "seed \(seed)")
        }
    }

    @Test("bytes that are no JSON at all stop nothing")
    func garbage() {
        for seed in 0..<300 as Range<UInt64> {
            var state = seed &+ 1
            let letters = Array("\"usage\":{}[],\\0123456789.e-\n prompt_tokens".utf8)
            let bytes = (0..<400).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return letters[Int(state >> 33) % letters.count]
            }
            #expect(
                scan(bytes, cutAt: []) == scan(bytes, cutAt: Array(1..<bytes.count)),
                "seed \(seed)")
        }
    }

    @Test("a deep object within is passed over")
    func depth() {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        let text = #"{"usage":{"x":\#(deep),"prompt_tokens":5}}"#
        #expect(scan(Array(text.utf8), cutAt: []) == TokenUsage(input: 5))
    }

    @Test("a count that is repeated without end stops growing")
    func repetition() {
        let member = #""cache_read_input_tokens":999999999999999,"#
        let text = #"{"usage":{\#(String(repeating: member, count: 10_000))"input_tokens":1}}"#
        #expect(
            scan(Array(text.utf8), cutAt: []) == TokenUsage(input: 1_000_000_000_000_001))
    }
}
