import Kernel
import TLS
import Testing

@Suite("TLS resumption")
struct TLSResumptionTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func hours(_ count: Int) -> Instant {
        start.advanced(milliseconds: count * 3_600_000)
    }

    /// Connects, exchanges a word so that tickets arrive, and says whether it was resumed.
    private func connect(
        _ client: TLSClientContext, _ server: TLSServerContext, name: String = "localhost",
        isClosed: Bool = false
    ) throws -> Bool {
        let pair = try Pair(client, server, name: name)
        pair.run()
        try pair.server.send("hello")
        if isClosed { pair.server.connection.close(wire: &pair.server.wire) }
        pair.run()
        #expect(pair.client.takeText() == "hello")
        #expect(pair.server.connection.isEstablished)
        #expect(pair.client.connection.isResumed == pair.server.connection.isResumed)
        return pair.server.connection.isResumed
    }

    @Test("happens from the second connection on", arguments: [true, false], [true, false])
    func second(isTLS13: Bool, isClosed: Bool) throws {
        let client = try clientContext { $0.highestVersion = isTLS13 ? .tls13 : .tls12 }
        let server = try serverContext()
        #expect(try !connect(client, server, isClosed: isClosed))
        for _ in 0..<5 { #expect(try connect(client, server, isClosed: isClosed)) }
        #expect(try !connect(clientContext(), server), "another client has no ticket")
    }

    @Test("is per server name")
    func perName() throws {
        let client = try clientContext()
        let server = try serverContext {
            $0.certificates.append(TestCertificates.shared.example)
        }
        #expect(try !connect(client, server))
        #expect(try !connect(client, server, name: "api.example.com"))
        #expect(try connect(client, server, name: "api.example.com"))
        #expect(try connect(client, server))
    }

    @Test("survives three rotations of the key, and not the fourth", arguments: [true, false])
    func rotation(isTLS13: Bool) throws {
        for rotations in 0...4 {
            let keys = TicketKeys(at: start)
            let client = try clientContext { $0.highestVersion = isTLS13 ? .tls13 : .tls12 }
            let server = try serverContext(ticketKeys: keys)
            _ = try connect(client, server)
            for turn in 0..<rotations { server.rotateTicketKeys(at: hours(12 * (turn + 1))) }
            #expect(try connect(client, server) == (rotations < 4), "\(rotations) rotations")
            #expect(try connect(client, server), "the new ticket is good")
        }
    }

    @Test("does not rotate before its time")
    func tooEarly() throws {
        let keys = TicketKeys(at: start)
        let client = try clientContext { $0.highestVersion = .tls12 }
        let server = try serverContext(ticketKeys: keys)
        _ = try connect(client, server)
        for _ in 0..<10 { keys.rotate(at: hours(11)) }
        #expect(try connect(client, server))
    }

    @Test("forgets old keys even if nobody called for long")
    func longPause() throws {
        let keys = TicketKeys(at: start)
        let client = try clientContext()
        let server = try serverContext(ticketKeys: keys)
        _ = try connect(client, server)
        keys.rotate(at: hours(100))
        #expect(try !connect(client, server))
    }

    @Test("works across a reload that keeps the keys, and not without them")
    func reload() throws {
        let client = try clientContext()
        let server = try serverContext()
        _ = try connect(client, server)
        let reloaded = try serverContext(ticketKeys: server.ticketKeys)
        #expect(try connect(client, reloaded))
        #expect(try !connect(client, serverContext()))
    }

    @Test("does not carry a client past another rule for client certificates")
    func otherRule() throws {
        let keys = TicketKeys(at: start)
        let authority = TestCertificates.shared.authority
        let client = try clientContext()
        let open = try serverContext(ticketKeys: keys)
        let strict = try serverContext(ticketKeys: keys) {
            $0.clientCertificates = .require(authoritiesFile: authority)
        }
        _ = try connect(client, open)
        let pair = try Pair(client, strict)
        pair.run()
        #expect(pair.server.fault?.kind == .peerCertificate)
    }

    @Test("keeps the identity of a client with a certificate")
    func clientCertificate() throws {
        let authority = TestCertificates.shared.authority
        let client = try clientContext { $0.certificate = TestCertificates.shared.client }
        let server = try serverContext {
            $0.clientCertificates = .require(authoritiesFile: authority)
        }
        _ = try connect(client, server)
        let pair = try Pair(client, server)
        pair.run()
        #expect(pair.server.connection.isResumed)
        #expect(pair.server.connection.peerSubject == "CN=client,O=Gatehouse")
    }
}
