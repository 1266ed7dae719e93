import Kernel
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test(
        "spells the vectors of RFC 4648 section 10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func vectors(plain: String, encoded: String) {
        var buffer = ByteBuffer()
        buffer.append(base64: plain.utf8.span)
        #expect(buffer.text == encoded)
    }

    @Test("uses all 64 digits in order")
    func alphabet() {
        var bytes: [UInt8] = []
        for group in 0..<16 {
            let value =
                UInt32(4 * group) << 18 | UInt32(4 * group + 1) << 12
                | UInt32(4 * group + 2) << 6 | UInt32(4 * group + 3)
            bytes += [UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
        }
        var buffer = ByteBuffer()
        buffer.append(base64: bytes.span)
        #expect(
            buffer.text == "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    }
}
