import Crypto
import Kernel
import Testing

@Suite("SHA-256")
struct SHA256HasherTests {
    /// FIPS 180-4 examples and NIST's byte-oriented short messages (CAVP SHA256ShortMsg).
    @Test(
        "gives the published digests",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                    + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
        ])
    func vectors(message: String, hex: String) {
        let digest = SHA256Hasher().hash(message.utf8.span)
        #expect(digest.hex == hex)
    }

    @Test("gives the published digest of a million letters, with a context used before")
    func million() {
        let hasher = SHA256Hasher()
        _ = hasher.hash([1, 2, 3].span)
        let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        let digest = hasher.hash(letters.span)
        #expect(digest.hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("of two parts is that of both in a row, wherever they are split")
    func split() {
        let hasher = SHA256Hasher()
        let text = Array("a pepper and a key, of which neither is known".utf8)
        let whole = hasher.hash(text.span)
        for cut in 0...text.count {
            let parts = hasher.hash(
                text.span.extracting(0..<cut), text.span.extracting(cut..<text.count))
            #expect(parts == whole, "cut at \(cut)")
        }
    }
}
