import Kernel
import Testing

@testable import BenchmarkUpstream

@Suite("The benchmark upstream's deadlines and answers")
struct DeadlineHeapTests {
    @Test("deadlines come out in order", arguments: [1 as UInt64, 2, 3])
    func order(seed: UInt64) {
        var heap = DeadlineHeap()
        var state = seed
        var expected: [UInt64] = []
        for token in 0..<500 as Range<UInt64> {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            expected.append(state >> 50)
            heap.insert(.init(due: Instant(nanoseconds: state >> 50), token: token))
        }
        var found: [UInt64] = []
        while let first = heap.first {
            found.append(first.due.nanoseconds)
            heap.removeFirst()
        }
        #expect(found == expected.sorted(), "seed \(seed)")
    }

    @Test("the completion's body is exactly 1,024 bytes of JSON text")
    func completionSize() throws {
        let text = PreparedAnswers().completion.text
        let end = try #require(text.range(of: "\r\n\r\n"))
        #expect(text[end.upperBound...].utf8.count == 1_024)
        #expect(text[end.upperBound...].hasPrefix("{\"id\""))
        #expect(text.hasSuffix("}}"))
        #expect(text.contains("content-length: 1024\r\n"))
    }
}

extension String {
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) {
                return start..<index(start, offsetBy: text.count)
            }
            start = index(after: start)
        }
        return nil
    }
}
