import Kernel
import Testing

@Suite("Base64url")
struct Base64URLTests {
    static let spellings = [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
        ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"), ("\u{3f}\u{fb}\u{3e}", "P8O7Pg"),
    ]

    private func decoded(_ text: String) -> [UInt8]? {
        var buffer = ByteBuffer()
        buffer.append(UInt8(ascii: "!"))
        let isTaken = buffer.append(decodingBase64URL: text.utf8.span)
        var bytes: [UInt8] = []
        for index in buffer.bytes.indices { bytes.append(buffer.bytes[index]) }
        #expect(isTaken || bytes == [UInt8(ascii: "!")])
        return isTaken ? Array(bytes.dropFirst()) : nil
    }

    @Test("spells and reads the vectors of RFC 4648 without padding", arguments: spellings)
    func vectors(plain: String, encoded: String) {
        var buffer = ByteBuffer()
        buffer.append(base64URL: plain.utf8.span)
        #expect(buffer.text == encoded)
        #expect(decoded(encoded) == Array(plain.utf8))
    }

    @Test("reads the example of RFC 7515 appendix C")
    func appendixC() {
        #expect(decoded("A-z_4ME") == [3, 236, 255, 224, 193])
    }

    @Test(
        "refuses every other spelling",
        arguments: [
            "Zg==", "Zg=", "Z", "Zm9vY", "Zm9v\n", " Zm9v", "Zm 9v", "Zh", "Zm9", "Zm+v", "Zm/v",
            "Zm9vé", "Zm.v", "=", "Zg\0",
        ])
    func refused(text: String) { #expect(decoded(text) == nil) }

    @Test("has exactly one spelling for every two bytes")
    func canonical() {
        for first in UInt8.min...UInt8.max {
            let bytes = [first, first &* 7 &+ 3]
            var buffer = ByteBuffer()
            buffer.append(base64URL: bytes.span)
            let text = buffer.text
            #expect(decoded(text) == bytes)
            let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            let twins = digits.filter { decoded(text.dropLast() + String($0)) == bytes }
            #expect(twins.count == 1)
        }
    }
}
