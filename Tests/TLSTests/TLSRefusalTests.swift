import Kernel
import TLS
import Testing

@Suite("TLS refuses")
struct TLSRefusalTests {
    private let certificates = TestCertificates.shared

    @Test("a server of another name", arguments: ["example.com", "127.0.0.2", "localhost.org"])
    func wrongName(name: String) throws {
        let pair = try Pair(clientContext(), serverContext(), name: name)
        pair.run()
        #expect(pair.client.fault?.kind == .peerCertificate)
        #expect(pair.server.fault != nil)
        #expect(!pair.client.connection.isEstablished)
    }

    @Test(
        "no server of the right name or address",
        arguments: ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "::1", "[::1]"])
    func rightName(name: String) throws {
        let pair = try Pair(clientContext(), serverContext(), name: name)
        pair.run()
        #expect(pair.client.progress == .established)
        let isAddress = name.contains("1")
        #expect((pair.server.connection.serverName == nil) == isAddress)
    }

    @Test("a server of an unknown authority")
    func unknownAuthority() throws {
        let client = try clientContext { $0.authoritiesFile = certificates.otherAuthority }
        let pair = try Pair(client, serverContext())
        pair.run()
        #expect(pair.client.fault?.kind == .peerCertificate)
        #expect(pair.client.fault?.reason.contains("unable to get local issuer") == true)
        #expect(pair.server.fault?.kind == .alert(48))
    }

    @Test("a server whose certificate has expired")
    func expired() throws {
        let summerOf2020 = Moment(
            monotonic: Instant(nanoseconds: 0), wall: UnixTime(seconds: 1_592_000_000))
        let server = try TLSServerContext(
            TLSServerSettings(certificates: [certificates.expired]), at: summerOf2020)
        let pair = try Pair(clientContext(), server)
        pair.run()
        #expect(pair.client.fault?.kind == .peerCertificate)
        #expect(pair.client.fault?.reason.hasSuffix("certificate has expired") == true)
        #expect(pair.server.fault?.kind == .alert(45))
    }

    @Test("an empty or impossible server name", arguments: ["", ".", "a\0b", "[]"])
    func badName(name: String) throws {
        let context = try clientContext()
        #expect(throws: TLSFault.self) {
            try TLSConnection(client: context, serverName: name)
        }
    }

    @Test("protocols it does not speak, with the alert no_application_protocol")
    func applicationProtocolMismatch() throws {
        let pair = try Pair(
            clientContext { $0.protocols = [.http2] }, serverContext { $0.protocols = [.http1] })
        pair.run()
        #expect(pair.server.fault?.reason.contains("no application protocol") == true)
        #expect(pair.client.fault?.kind == .alert(120))
    }

    @Test("TLS 1.1, with the alert protocol_version")
    func oldVersion() throws {
        // A ClientHello of TLS 1.1 with one suite of that time.
        let body: [UInt8] =
            [3, 2] + [UInt8](repeating: 7, count: 32) + [0, 0, 2, 0xc0, 0x14, 1, 0]
        let message: [UInt8] = [1, 0, 0, UInt8(body.count)] + body
        let record: [UInt8] = [22, 3, 1, 0, UInt8(message.count)] + message
        let server = End(try TLSConnection(server: serverContext()))
        server.receive(record)
        #expect(server.fault?.reason == "unsupported protocol")
        #expect(Array(server.takeWire().suffix(2)) == [2, 70])
    }

    @Test(
        "what is not TLS, without a trap",
        arguments: [
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n", "\0\0\0\0\0\0",
        ])
    func garbage(text: String) throws {
        let server = End(try TLSConnection(server: serverContext()))
        server.receive(Array(text.utf8))
        #expect(server.fault?.kind == .handshake)
        let fault = server.fault
        server.receive([1, 2, 3])
        #expect(server.fault == fault)
    }

    @Test("random bytes, and real flights with random changes, without a trap")
    func fuzz() throws {
        let server = try serverContext()
        let client = try clientContext()
        for seed in UInt64(1)...400 {
            var random = Seeded(seed)
            let pair = try Pair(client, server)
            var bytes = pair.client.takeWire()
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = UInt8(truncatingIfNeeded: random.next())
            }
            if seed % 3 == 0 { bytes = bytes.map { _ in UInt8(truncatingIfNeeded: random.next()) } }
            pair.server.receive(bytes)
            // Random client keys may still be keys; never may it be established on this alone.
            #expect(pair.server.progress != .established, "seed \(seed)")
            pair.client.receive(pair.server.takeWire())
        }
    }

    @Test("real flights of resumption and data with random changes, without a trap")
    func fuzzLater() throws {
        let server = try serverContext()
        for seed in UInt64(1)...300 {
            var random = Seeded(seed)
            let client = try clientContext { $0.highestVersion = seed % 2 == 0 ? .tls13 : .tls12 }
            try Pair(client, server).run()
            let pair = try Pair(client, server)
            var changes = 0
            func change(_ bytes: [UInt8]) -> [UInt8] {
                var bytes = bytes
                guard !bytes.isEmpty, Int.random(in: 0..<3, using: &random) == 0 else {
                    return bytes
                }
                changes += 1
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
                case 1: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
                default: bytes.removeSubrange(index...)
                }
                return bytes
            }
            for _ in 0..<6 {
                pair.server.receive(change(pair.client.takeWire()))
                pair.client.receive(change(pair.server.takeWire()))
                if pair.client.progress == .established { try? pair.client.send("data") }
                if pair.server.progress == .established { try? pair.server.send("data") }
            }
            // What arrives is what was sent, or nothing.
            for end in [pair.client, pair.server] {
                let text = end.takeText()
                let isWhole = text == String(repeating: "data", count: text.utf8.count / 4)
                #expect(isWhole, "seed \(seed)")
            }
            if changes == 0 { #expect(pair.server.connection.isEstablished, "seed \(seed)") }
        }
    }

    @Test("a handshake message that announces more than 16 KiB, split in any way")
    func oversizedHello() throws {
        let hello: [UInt8] = [1, 1, 0xff, 0]
        let whole: [UInt8] = [22, 3, 1, 0x40, 0] + hello
        let pieces: [[UInt8]] = hello.map { [22, 3, 1, 0, 1, $0] }
        for bytes in [whole, pieces.flatMap { $0 }] {
            let server = End(try TLSConnection(server: serverContext()))
            for byte in bytes { server.receive([byte]) }
            #expect(server.fault?.kind == .excess)
        }
        for type: UInt8 in [20, 21, 23] {
            let server = End(try TLSConnection(server: serverContext()))
            server.receive([type, 3, 3, 0, 1, 1] + whole)
            #expect(server.fault?.kind == .excess, "behind a record of type \(type)")
        }
    }
}
