import Chance
import HTTP
import Kernel
import Policies
import Testing

private func address(_ text: String) -> IPAddress {
    IPAddress(parsing: text.utf8.span) ?? IPAddress(v4: 0)
}

@Suite("Trusted proxies")
struct TrustedProxiesTests {
    let proxies = TrustedProxies(
        ["10.0.0.0/8", "2001:db8::/32"].compactMap { AddressRange($0) })

    func client(_ peer: String, _ chains: [String]) -> String {
        let fields = makeFields(chains.map { ("X-Forwarded-For", $0) })
        var text = ByteBuffer()
        proxies.client(peer: address(peer), fields).write(into: &text)
        return text.text
    }

    static let chains: [(String, [String], String)] = [
        ("203.0.113.9", ["1.2.3.4"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9, 1.2.3.4, 10.1.1.1"], "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9", "1.2.3.4 ,10.2.2.2", "10.1.1.1"], "1.2.3.4"),
        ("10.0.0.1", ["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        ("10.0.0.1", ["1.2.3.4, nonsense, 10.1.1.1"], "10.1.1.1"),
        ("10.0.0.1", ["1.2.3.4, , 10.1.1.1"], "10.1.1.1"),
        ("10.0.0.1", ["1.2.3.4,"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("2001:db8::1", ["[2001:4860::1]:443"], "2001:4860::1"),
        ("2001:db8::1", ["2001:4860::2"], "2001:4860::2"),
        ("2001:db8::1", ["1.2.3.4:5678"], "1.2.3.4"),
        ("::ffff:10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("10.0.0.1", ["1.2.3.4:99999"], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
    ]

    @Test("name the last address that is not theirs, and nobody else names one", arguments: chains)
    func chain(peer: String, chains: [String], expected: String) {
        #expect(client(peer, chains) == expected)
    }

    @Test("are not followed for ever")
    func bound() {
        let chain = Array(repeating: "10.0.0.2", count: 5_000).joined(separator: ",")
        #expect(client("10.0.0.1", ["1.2.3.4," + chain]) == "10.0.0.2")
    }

    func forwarded(_ peer: String, _ pairs: [(String, String)]) -> [String] {
        let client = makeFields(pairs)
        var fields = Fields()
        proxies.appendForwarded(
            peer: address(peer), isSecure: true, authority: "api.example:8443".utf8.span, client,
            to: &fields)
        return lines(fields)
    }

    let incoming = [
        ("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "public.example"), ("x-forwarded-for", "10.7.7.7"),
    ]

    @Test("have their fields passed on, with the connection's address behind")
    func trusted() {
        #expect(
            forwarded("10.0.0.1", incoming) == [
                "x-forwarded-for: 1.2.3.4, 10.7.7.7, 10.0.0.1", "x-forwarded-proto: http",
                "x-forwarded-host: public.example",
            ])
    }

    @Test("and only they: from anybody else the connection speaks alone")
    func untrusted() {
        let own = [
            "x-forwarded-for: 203.0.113.9", "x-forwarded-proto: https",
            "x-forwarded-host: api.example:8443",
        ]
        #expect(forwarded("203.0.113.9", incoming) == own)
        #expect(forwarded("203.0.113.9", []) == own)
        let odd = [("x-forwarded-proto", "gopher"), ("x-forwarded-proto", "http")]
        #expect(forwarded("10.0.0.1", odd)[1] == "x-forwarded-proto: https")
    }

    static let ranges: [(String, String, Bool)] = [
        ("10.0.0.0/8", "10.255.1.1", true), ("10.0.0.0/8", "11.0.0.0", false),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
        ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.128/25", "192.0.2.200", true),
        ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "2001:db8::1", true), ("2001:db8::/33", "2001:db8:8000::", false),
        ("2001:db8::/65", "2001:db8:0:0:7fff::", true),
        ("2001:db8::/65", "2001:db8:0:0:8000::", false), ("::1/128", "::1", true),
    ]

    @Test("are ranges of addresses", arguments: ranges)
    func range(range: String, address text: String, isInside: Bool) throws {
        let range = try #require(AddressRange(range))
        #expect(range.contains(address(text)) == isInside)
    }

    @Test(
        "cannot be what is no range",
        arguments: [
            "", "/8", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/8/8",
            "10.0.0.0/-1", "10.0.0.0/ 8", "192.0.2.129/25",
        ])
    func noRange(text: String) {
        #expect(AddressRange(text) == nil)
    }
}

@Suite("Reading an address")
struct AddressParsingTests {
    static let texts = [
        "0.0.0.0", "255.255.255.255", "1.2.3.4", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4",
        "1..2.3", "1.2.3.", ".1.2.3", "1.2.3.4 ", "", "::", "::1", "1::", "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::8", "1::2::3", "::1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", ":", ":::", "1:", ":1",
        "1:::2", "12345::", "g::", "ABCD::ef01", "::ffff:1.2.3.4", "::1.2.3.4", "1.2.3.4::",
        "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5", "fe80::1%eth0",
        "[::1]", "00000::", "0:0:0:0:0:0:0:0", "1:2:3:4:5:6:7:8:", "::1.2.3.04",
    ]

    @Test("agrees with the system's own reading", arguments: texts)
    func agrees(text: String) {
        let mine = IPAddress(parsing: text.utf8.span)
        #expect(mine == IPAddress(text), "\(text)")
    }

    @Test("agrees with it on random text too", arguments: 0..<20)
    func random(seed: UInt64) {
        var generator = SeededRandom(seed: seed)
        let pieces = [
            "0", "1", "f", "ff", "255", "256", ":", "::", ".", "a", "1.2.3.4", "10", ":0",
        ]
        for _ in 0..<2_000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                text += pieces.randomElement(using: &generator) ?? ""
            }
            let mine = IPAddress(parsing: text.utf8.span)
            #expect(mine == IPAddress(text), "seed \(seed): \(text)")
        }
    }
}
