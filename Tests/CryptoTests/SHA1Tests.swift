import Crypto
import Kernel
import Testing

@Suite("SHA-1 for the handshake of WebSocket")
struct SHA1Tests {
    @Test("gives the accept value of RFC 6455 section 1.3")
    func accept() throws {
        let salted = "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        let found = SHA1.hash(salted.utf8.span)
        let digest = try #require(found)
        var text = ByteBuffer()
        text.append(base64: digest.span)
        #expect(text.text == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    /// FIPS 180-4 examples.
    @Test(
        "gives the published digests",
        arguments: [
            ("", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="), ("abc", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="),
        ])
    func vectors(message: String, base64: String) throws {
        let found = SHA1.hash(message.utf8.span)
        let digest = try #require(found)
        var text = ByteBuffer()
        text.append(base64: digest.span)
        #expect(text.text == base64)
    }
}
