import Crypto
import Kernel
import Testing

@Suite("SHA-1 for the handshake of WebSocket")
struct SHA1Tests {
    @Test("gives the accept value of RFC 6455 section 1.3")
    func accept() {
        let key = "dGhlIHNhbXBsZSBub25jZQ=="
        let salt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        let digest = SHA1.hash(key.utf8.span, salt.utf8.span)
        var text = ByteBuffer()
        text.append(base64: digest.span)
        #expect(text.text == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test("does not care where its input is cut")
    func cut() {
        let first = SHA1.hash("abc".utf8.span, "".utf8.span)
        let second = SHA1.hash("a".utf8.span, "bc".utf8.span)
        for index in 0..<20 { #expect(first[index] == second[index]) }
        #expect(first[0] == 0xa9 && first[1] == 0x99 && first[19] == 0x9d)
    }
}
