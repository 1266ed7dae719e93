import Chance
import Testing

@testable import Proxy

@Suite("Where an event stream was cut") struct EventStreamTailTests {
    /// What the standard says: a line ends at CR LF, LF or CR; an empty line ends an event.
    private static func closing(_ bytes: [UInt8]) -> String {
        var lines: [Int] = [0]
        var lastWasCR = false
        for byte in bytes {
            if byte == 0x0a, lastWasCR {
                lastWasCR = false
            } else if byte == 0x0a || byte == 0x0d {
                lines.append(0)
                lastWasCR = byte == 0x0d
            } else {
                lines[lines.count - 1] += 1
                lastWasCR = false
            }
        }
        if lines[lines.count - 1] > 0 { return "\n\n" }
        return lines.count == 1 || lines[lines.count - 2] == 0 ? "" : "\n"
    }

    @Test("what is missing is known wherever the bytes were split")
    func everySplit() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<400 {
            let bytes: [UInt8] = (0..<random.below(12)).map { _ in
                [0x0a, 0x0d, 0x61, 0x61][random.below(4)]
            }
            for split in 0...bytes.count {
                var tail = EventStreamTail()
                tail.passed(bytes.span.extracting(0..<split))
                tail.passed(bytes.span.extracting(split..<bytes.count))
                let closing = tail.closing.description
                #expect(closing == Self.closing(bytes), "\(bytes) split at \(split)")
            }
        }
    }
}
