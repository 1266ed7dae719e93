import Chance
import JSON
import Kernel
import Testing

@testable import Proxy

@Suite("The chunk of usage that nobody asked for is taken out of a stream")
struct UsageEventFilterTests {
    private let reader = JSONReader()

    private static let usage =
        #"{"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":6}}"#

    private static func event(_ data: String, _ end: String = "\n\n") -> String {
        "data: \(data)\(end)"
    }

    struct Sample: CustomTestStringConvertible {
        let name: String
        let parts: [(text: String, isTaken: Bool)]
        var testDescription: String { name }
        var whole: [UInt8] { Array(parts.map(\.text).joined().utf8) }
        var rest: [UInt8] { Array(parts.filter { !$0.isTaken }.map(\.text).joined().utf8) }
    }

    private static let delta = #"{"choices":[{"delta":{"content":"one"}}],"usage":null}"#

    private static let samples = [
        Sample(
            name: "an ordinary stream",
            parts: [
                (event(delta), false), (event(delta), false), (event(usage), true),
                ("data: [DONE]\n\n", false),
            ]),
        Sample(
            name: "lines that end in CR LF",
            parts: [
                (event(delta, "\r\n\r\n"), false), (event(usage, "\r\n\r\n"), true),
                ("data: [DONE]\r\n\r\n", false),
            ]),
        Sample(
            name: "lines that end in CR",
            parts: [
                (event(delta, "\r\r"), false), (event(usage, "\r\r"), true),
                ("data: [DONE]\r\r", false),
            ]),
        Sample(
            name: "comments, other fields and blank lines stay",
            parts: [
                (": ping\n\n", false), ("event: x\n" + event(usage), false), ("\n\r\n\r", false),
                (event(usage), true), ("\n", false), (": ping\n", false),
            ]),
        Sample(
            name: "chunks that only look like it",
            parts: [
                (event(#"{"choices":[],"usage":null}"#), false),
                (event(#"{"choices":[]}"#), false), (event(#"{"choices":[],"usage":{}"#), false),
                (event(#"{"choices":[{"a":[]}],"usage":{"prompt_tokens":1}}"#), false),
                (event(#"{"a":{"choices":[]},"usage":{"prompt_tokens":1}}"#), false),
                (event(#"{"choices":[{"t":"\"choices\":[]"}],"usage":{}}"#), false),
                (event(#"{"choices":[], "prompt_filter_results":[]}"#), false),
                ("data: {\"choices\":[],\ndata: \"usage\":{}}\n\n", false),
            ]),
        Sample(
            name: "white space, no space behind data:, another order",
            parts: [
                ("data:{ \"usage\" : { } , \"choices\" : [ ] }\n\n", true),
                (event(#"{"usage":{"prompt_tokens":1},"x":[1],"choices":[]}"#), true),
            ]),
        Sample(
            name: "a stream that is cut off in the chunk",
            parts: [(event(delta), false), (String(event(usage).dropLast()), false)]),
        Sample(name: "nothing", parts: []),
        Sample(
            name: "events that are larger than what is held back",
            parts: [
                (event("\"" + String(repeating: "x", count: 40_000) + "\""), false),
                (event(usage), true), (event(delta), false),
            ]),
    ]

    private func filtered(_ bytes: [UInt8], cutAt cuts: [Int]) -> [UInt8] {
        let filter = UsageEventFilter()
        var out: [UInt8] = []
        var start = 0
        for end in cuts + [bytes.count] {
            filter.passed(bytes.span.extracting(start..<end), reader) { piece in
                for index in piece.indices { out.append(piece[index]) }
            }
            start = end
        }
        filter.ended { piece in for index in piece.indices { out.append(piece[index]) } }
        return out
    }

    @Test("in one piece, cut at every place, and byte by byte", arguments: samples)
    func everySplit(sample: Sample) {
        let bytes = sample.whole
        #expect(filtered(bytes, cutAt: []) == sample.rest)
        let stride = bytes.count > 4_096 ? 61 : 1
        for cut in Swift.stride(from: 0, through: bytes.count, by: stride) {
            #expect(filtered(bytes, cutAt: [cut]) == sample.rest, "cut at \(cut)")
        }
        if bytes.count > 0 {
            #expect(filtered(bytes, cutAt: Array(1..<bytes.count)) == sample.rest)
        }
    }

    @Test("cut into any number of pieces", arguments: samples)
    func randomSplits(sample: Sample) {
        let bytes = sample.whole
        for seed in 0..<40 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            let cuts = (0...bytes.count).filter { _ in random.isLucky(1, in: 9) }
            #expect(filtered(bytes, cutAt: cuts) == sample.rest, "seed \(seed)")
        }
    }

    @Test("what is complete passes at once, and of the rest only what may be the chunk is held")
    func delay() {
        let filter = UsageEventFilter()
        func passes(_ text: String) -> String {
            var out: [UInt8] = []
            filter.passed(text.utf8.span, reader) { piece in
                for index in piece.indices { out.append(piece[index]) }
            }
            return String(decoding: out, as: UTF8.self)
        }
        #expect(passes(Self.event(Self.delta)) == Self.event(Self.delta))
        #expect(passes(": pi") == ": pi")
        #expect(passes("ng\n\nda") == "ng\n\n")
        #expect(passes("ta: {\"choices\":[") == "")
        #expect(passes("1]}\n\n") == "data: {\"choices\":[1]}\n\n")
        #expect(passes("data: " + String(repeating: "x", count: 20_000)).utf8.count == 20_006)
        #expect(passes("yz") == "yz")
    }
}
