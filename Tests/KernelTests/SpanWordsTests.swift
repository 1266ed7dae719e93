import Kernel
import Testing

/// The code that reads eight bytes at a time against the plain meaning, at every length and
/// position.
@Suite("Bytes by the word")
struct SpanWordsTests {
    @Test("each byte value is judged alike at every place of every length")
    func controls() {
        for count in 1...25 {
            for place in 0..<count {
                for byte in UInt8.min...UInt8.max {
                    var text = [UInt8](repeating: 0x61, count: count)
                    text[place] = byte
                    let isFree = text.span.isFreeOfControls
                    let isControl = (byte < 0x20 && byte != 0x09) || byte == 0x7f
                    if isFree == isControl {
                        Issue.record("byte \(byte) at \(place) of \(count)")
                    }
                }
            }
        }
    }

    @Test("JSON text is escaped alike at every place of every length")
    func json() {
        for count in 1...18 {
            for place in 0..<count {
                for byte in UInt8.min..<0x80 {
                    var text = [UInt8](repeating: 0x61, count: count)
                    text[place] = byte
                    var buffer = ByteBuffer()
                    buffer.append(jsonEscaped: text.span)
                    let isPlain = byte >= 0x20 && byte != 0x22 && byte != 0x5c && byte != 0x7f
                    let isSame = buffer.bytes.equals(text.span)
                    if isSame != isPlain { Issue.record("byte \(byte) at \(place) of \(count)") }
                }
            }
        }
    }

    @Test("only ASCII capitals are lower-cased, at every place of every length")
    func lowercase() {
        for count in 1...25 {
            for byte in UInt8.min...UInt8.max {
                let place = Int(byte) % count
                var text = [UInt8](repeating: 0x5a, count: count)
                text[place] = byte
                var buffer = ByteBuffer()
                buffer.append("#")
                buffer.append(lowercased: text.span)
                let expected = [0x23] + text.map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 }
                let isSame = buffer.bytes.equals(expected.span)
                if !isSame { Issue.record("byte \(byte) at \(place) of \(count)") }
            }
        }
    }

    @Test("a comparison without case notices a difference at every place")
    func equality() {
        let name: StaticString = "x-ratelimit-remaining"
        let text = Array("X-RateLimit-REMAINING".utf8)
        let isSame = text.span.equalsIgnoringCase(name)
        #expect(isSame)
        for place in text.indices {
            for byte in UInt8.min...UInt8.max where byte | 0x20 != text[place] | 0x20 {
                var other = text
                other[place] = byte
                if other.span.equalsIgnoringCase(name) {
                    Issue.record("byte \(byte) at \(place)")
                }
            }
        }
        // "-" and CR differ in the bit that makes a letter small.
        var tricky = text
        tricky[1] = 0x0d
        let isFooled = tricky.span.equalsIgnoringCase(name)
        let prefix = Array(text[..<20])
        let isShort = prefix.span.equalsIgnoringCase(name)
        #expect(!isFooled)
        #expect(!isShort)
    }

    @Test("a byte is found from any start, and not behind the end")
    func search() {
        let text = Array("a:b:c".utf8)
        let found = [0, 1, 2, 3, 4, 5, 6].map { start in
            text.span.firstIndex(of: 0x3a, from: start) ?? -1
        }
        let last = text.span.firstIndex(of: 0x63, from: 4)
        let empty: [UInt8] = []
        let none = empty.span.firstIndex(of: 0)
        #expect(found == [1, 1, 3, 3, -1, -1, -1])
        #expect(last == 4)
        #expect(none == nil)
    }
}
