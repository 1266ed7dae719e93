import Kernel
import TLS
import Testing

@Suite("TLS negotiates")
struct TLSNegotiationTests {
    private let certificates = TestCertificates.shared

    @Test(
        "the server's favourite among the common protocols",
        arguments: [
            ([ApplicationProtocol.http1, .http2], [.http2, .http1], ApplicationProtocol.http2),
            ([.http2, .http1], [.http1, .http2], .http1),
            ([.http1], [.http2, .http1], .http1),
            ([.http2], [.http2], .http2),
            ([], [.http2, .http1], .http1),
        ] as [([ApplicationProtocol], [ApplicationProtocol], ApplicationProtocol)])
    func applicationProtocol(
        client: [ApplicationProtocol], server: [ApplicationProtocol], chosen: ApplicationProtocol
    ) throws {
        let pair = try Pair(
            clientContext { $0.protocols = client }, serverContext { $0.protocols = server })
        pair.run()
        #expect(pair.server.progress == .established)
        #expect(pair.server.connection.applicationProtocol == chosen)
        #expect(pair.client.connection.applicationProtocol == chosen)
    }

    @Test("nothing with a client that names no protocol where HTTP/1.1 is not spoken")
    func withoutProtocol() throws {
        for version in [TLSClientSettings.Version.tls12, .tls13] {
            let client = try clientContext {
                $0.protocols = []
                $0.highestVersion = version
            }
            let pair = try Pair(client, serverContext { $0.protocols = [.http2] })
            pair.run()
            #expect(pair.server.fault?.kind == .handshake)
            #expect(pair.client.fault?.kind == .alert(120))
        }
    }

    @Test("the certificate that the server name asks for, else the first")
    func serverName() throws {
        let server = try serverContext { $0.certificates.append(certificates.example) }
        let client = try clientContext()
        for name in ["api.example.com", "API.Example.COM", "a.example.org"] {
            let pair = try Pair(client, server, name: name)
            pair.run()
            #expect(pair.client.progress == .established, "\(name)")
            #expect(pair.client.connection.peerSubject == "CN=example,O=Gatehouse")
            #expect(pair.server.connection.applicationProtocol == .http2)
        }
        let localhost = try Pair(client, server)
        localhost.run()
        #expect(localhost.client.connection.peerSubject == "CN=localhost,O=Gatehouse")
        for name in ["example.org", "a.b.example.org", "unknown.test"] {
            let pair = try Pair(client, server, name: name)
            pair.run()
            #expect(pair.client.fault?.kind == .peerCertificate, "\(name)")
        }
    }

    @Test("TLS 1.2 with forward secrecy and authenticated encryption where the client asks")
    func version12() throws {
        let pair = try Pair(clientContext { $0.highestVersion = .tls12 }, serverContext())
        pair.run()
        #expect(pair.server.connection.version == "TLSv1.2")
        #expect(pair.server.connection.cipher == "ECDHE-ECDSA-AES128-GCM-SHA256")
    }

    @Test("client certificates: required, asked for, or not", arguments: [true, false])
    func clientCertificates(isTLS13: Bool) throws {
        let authority = certificates.authority
        let required = try serverContext {
            $0.clientCertificates = .require(authoritiesFile: authority)
        }
        let requested = try serverContext {
            $0.clientCertificates = .request(authoritiesFile: authority)
        }
        let version = isTLS13 ? TLSClientSettings.Version.tls13 : .tls12
        let bare = try clientContext { $0.highestVersion = version }
        let known = try clientContext {
            $0.highestVersion = version
            $0.certificate = certificates.client
        }
        let stranger = try clientContext {
            $0.highestVersion = version
            $0.certificate = certificates.stranger
        }
        #expect(try outcome(known, required) == "CN=client,O=Gatehouse")
        #expect(try outcome(known, requested) == "CN=client,O=Gatehouse")
        #expect(try outcome(bare, requested) == nil)
        #expect(throws: TLSFault.self) { try outcome(bare, required) }
        #expect(throws: TLSFault.self) { try outcome(stranger, required) }
        #expect(throws: TLSFault.self) { try outcome(stranger, requested) }
        #expect(try outcome(stranger, serverContext()) == nil)
    }

    /// Whom the server sees; throws the server's fault.
    private func outcome(_ client: TLSClientContext, _ server: TLSServerContext) throws -> String? {
        let pair = try Pair(client, server)
        pair.run()
        if let fault = pair.server.fault {
            #expect(fault.kind == .peerCertificate)
            #expect(pair.client.fault != nil)
            throw fault
        }
        #expect(pair.server.progress == .established)
        return pair.server.connection.peerSubject
    }
}
