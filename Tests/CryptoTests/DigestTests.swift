import Crypto
import Kernel
import Testing

@Suite("A digest")
struct DigestTests {
    private let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test("reads and prints hexadecimal, and its bytes come out as they went in")
    func roundTrip() throws {
        let digest = try #require(Digest(hex: hex))
        let capitals = Digest(hex: hex.uppercased())
        #expect(digest == capitals)
        #expect(digest.hex == hex)
        #expect(digest.firstWord == 0xba78_16bf_8f01_cfea)
        var bytes = ByteBuffer()
        digest.append(to: &bytes)
        #expect(bytes.count == 32)
        let again = Digest(bytes: bytes.bytes)
        #expect(again == digest)
    }

    @Test(
        "refuses anything but 64 hexadecimal digits",
        arguments: [
            "", "ba78", "g" + String(repeating: "0", count: 63),
            String(repeating: "0", count: 63), String(repeating: "0", count: 65),
            String(repeating: "0", count: 62) + "0:", String(repeating: "0", count: 63) + "@",
        ])
    func refusal(text: String) {
        #expect(Digest(hex: text) == nil)
    }

    @Test("differs from one that differs in a single bit, in constant time too")
    func comparison() throws {
        let digest = try #require(Digest(hex: hex))
        #expect(digest.constantTimeEquals(digest))
        var bytes = ByteBuffer()
        digest.append(to: &bytes)
        for bit in 0..<256 {
            var changed = [UInt8]()
            for index in 0..<32 { changed.append(bytes.bytes[index]) }
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let changedDigest = Digest(bytes: changed.span)
            let other = try #require(changedDigest)
            #expect(!digest.constantTimeEquals(other), "bit \(bit)")
            #expect(digest != other, "bit \(bit)")
        }
    }

    @Test("tells a log its first digits only")
    func description() throws {
        let digest = try #require(Digest(hex: hex))
        #expect("\(digest)" == "ba7816bf…")
    }
}
