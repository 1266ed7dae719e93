import Configuration
import Kernel
import Testing

@Suite struct AddressTests {
    @Test(
        "addresses read and print in their canonical form",
        arguments: [
            ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::", "::"), ("::1", "::1"),
            ("1::", "1::"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:0:3:0:5:0:7:0", "1:0:3:0:5:0:7:0"),
            ("::ffff:192.0.2.1", "192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ])
    func canonical(text: String, printed: String) {
        #expect(IPAddress(text)?.description == printed)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.-4", "1.2.3.4 ", "a.b.c.d",
            ":",
            ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "::12345", "::g", "[::1]",
            "::1%eth0",
            "1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::", "::+1", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:",
        ])
    func refused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("a range holds its addresses and no other")
    func ranges() throws {
        let ten = try #require(AddressRange("10.0.0.0/8"))
        let one = try #require(AddressRange("192.0.2.7"))
        let six = try #require(AddressRange("2001:db8:8000::/33"))
        let all = try #require(AddressRange("0.0.0.0/0"))
        let every = try #require(AddressRange("::/0"))
        func holds(_ range: AddressRange, _ text: String) -> Bool? {
            IPAddress(text).map { range.contains($0) }
        }
        #expect(holds(ten, "10.255.0.1") == true)
        #expect(holds(ten, "::ffff:10.1.2.3") == true)
        #expect(holds(ten, "11.0.0.0") == false)
        #expect(holds(ten, "::a00:1") == false)
        #expect(holds(one, "192.0.2.7") == true)
        #expect(holds(one, "192.0.2.6") == false)
        #expect(holds(six, "2001:db8:8000::1") == true)
        #expect(holds(six, "2001:db8:7fff::1") == false)
        #expect(holds(all, "255.255.255.255") == true)
        #expect(holds(all, "::1") == false)
        #expect(holds(every, "::1") == true)
        #expect(ten.description == "10.0.0.0/8" && six.description == "2001:db8:8000::/33")
        for text in [
            "10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8/8", "/8", "::/+1",
        ] {
            #expect(AddressRange(text) == nil)
        }
    }

    @Test("listen addresses need a port, and brackets where there are colons")
    func listening() {
        #expect(SocketAddress("[::]:0")?.description == "[::]:0")
        #expect(SocketAddress("0.0.0.0:65535")?.port == 65_535)
        for text in [
            "", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "[127.0.0.1]:80",
        ] {
            #expect(SocketAddress(text) == nil)
        }
    }
}
