import Chance
import Testing

@testable import HTTP2

@Suite("The counter of frames")
struct FrameWalkerTests {
    @Test("counts the same however the bytes are cut", arguments: 1...200)
    func cuts(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var wire = Wire()
        wire.bytes = Wire.preface
        let frames = random.below(30)
        for _ in 0..<frames {
            let size = random.below(4) == 0 ? 0 : random.below(700)
            wire.frame(UInt8(random.below(12)), [UInt8](repeating: 9, count: size))
        }
        var walker = FrameWalker(preface: Wire.preface.count)
        var counted = 0
        var start = 0
        while start < wire.bytes.count {
            let end = min(wire.bytes.count, start + 1 + random.below(60))
            counted += walker.count(wire.bytes.span.extracting(start..<end))
            start = end
        }
        #expect(counted == frames, "seed \(seed)")
    }

    @Test("a header that is not complete is no frame yet")
    func half() {
        var walker = FrameWalker(preface: 0)
        #expect(walker.count([0, 0, 1, 0, 0, 0, 0, 0].span) == 0)
        #expect(walker.count([1].span) == 1)
        #expect(walker.count([42, 0, 0, 0, 6, 0, 0, 0, 0].span) == 0)
        #expect(walker.count([0].span) == 1)
    }
}
