import Kernel
import Testing

@Suite("A byte buffer")
struct ByteBufferTests {
    @Test("gives back what was appended, in order, across growth and consumption")
    func queue() {
        var buffer = ByteBuffer()
        var expected: [UInt8] = []
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let byte = UInt8.random(in: 0...255, using: &generator)
            buffer.append(byte)
            expected.append(byte)
            if Int.random(in: 0..<3, using: &generator) == 0 {
                let count = Int.random(in: 0...buffer.count, using: &generator)
                buffer.consume(count)
                expected.removeFirst(count)
            }
        }
        let isSame = buffer.bytes.equals(expected.span)
        #expect(isSame)
    }

    @Test(
        "writes numbers and JSON text",
        arguments: [
            (0, "0"), (-7, "-7"), (9, "9"), (10, "10"), (99_999, "99999"),
            (Int.max, "9223372036854775807"),
        ])
    func decimals(number: Int, text: String) {
        var buffer = ByteBuffer()
        buffer.append(decimal: number)
        #expect(buffer.text == text)
    }

    @Test(
        "writes numbers of every length",
        arguments: [
            (UInt.max, "18446744073709551615"), (9_999_999_999_999_999_999, "9999999999999999999"),
            (10_000_000_000_000_000_000, "10000000000000000000"),
        ])
    func largeDecimals(number: UInt, text: String) {
        var buffer = ByteBuffer()
        buffer.append(decimal: number)
        #expect(buffer.text == text)
    }

    @Test("writes sixteen hexadecimal digits")
    func hexadecimal() {
        var buffer = ByteBuffer()
        buffer.append(hex: 0x0123_4567_89ab_cdef)
        buffer.append(hex: 0xf)
        #expect(buffer.text == "0123456789abcdef000000000000000f")
    }

    @Test("takes nothing from an empty slice, also before it owns any memory")
    func emptySlice() {
        var source = ByteBuffer()
        source.append("abc")
        var buffer = ByteBuffer()
        buffer.append(source.slice(3..<3))
        let count = buffer.count
        #expect(count == 0)
    }

    @Test("grows to exactly the size it is told and never shrinks")
    func growth() {
        var buffer = ByteBuffer()
        buffer.append("abcdef")
        buffer.consume(2)
        for (size, expected) in [(10, 64), (100, 100), (90, 100), (101, 101)] {
            buffer.grow(to: size)
            let capacity = buffer.capacity
            #expect(capacity == expected)
            #expect(buffer.text == "cdef")
        }
    }

    @Test("escapes what JSON forbids and replaces what is not UTF-8")
    func escapes() {
        var buffer = ByteBuffer()
        let raw: [UInt8] = [0x22, 0x5c, 0x01, 0xc3, 0xa9, 0xff, 0xc0, 0x80, 0x0a]
        buffer.append(jsonEscaped: raw.span)
        #expect(buffer.text == "\\\"\\\\\\u0001é\u{FFFD}\u{FFFD}\u{FFFD}\\n")
    }
}
