import Kernel
import TLS
import Testing

@testable import Proxy

@Suite("Handshakes beside established traffic") struct HandshakePriorityTests {
    /// A certificate of this test's own, and its key.
    private func context() throws -> TLSServerContext {
        let folder = "/tmp/gatehouse-proxy-\(UInt64.random(in: 0 ... .max))"
        let script = """
            mkdir -m 700 \(folder) && cd \(folder) && openssl req -x509 -newkey ec \
            -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem 2>/dev/null
            """
        try run(script)
        defer { try? run("rm -r \(folder)") }
        let files = CertificateFiles(
            chainFile: "\(folder)/certificate.pem", keyFile: "\(folder)/key.pem")
        return try TLSServerContext(TLSServerSettings(certificates: [files]), ticketKeys: nil)
    }

    private func run(_ script: String) throws {
        let pair = try Socket.pair()
        let shell = try ChildProcess.start(
            ["sh", "-c", script], sockets: [], channel: pair.second.descriptor)
        var ending: String?
        while ending == nil { ending = shell.ending() }
        #expect(ending == "ended with status 0")
    }

    @Test("one takes a step in a turn, however many wait, and who is connected is served at once")
    func oneStepInATurn() throws {
        let world = try World()
        let traits = ListenerTraits(
            name: "tls", tls: try context(), speaksHTTP1: true, speaksHTTP2: true,
            allowsHalfClose: false)
        let client = try world.connect()
        client.request(.get, "/health")
        #expect(world.settle())
        let storm = (0..<20).map { _ in Line() }
        for line in storm {
            // No TLS: the handshake fails in its first step, so that steps can be counted.
            line.arriving.append("GET / HTTP/1.1\r\n\r\n")
            _ = try world.core.accepted(
                peer: SocketAddress(ip: .loopback, port: 50_001), traits: traits
            ) { token in
                line.token = token
                return FakeWire(line)
            }
            world.core.ready(line.token, .reading)
        }
        for turn in 1...storm.count {
            let stream = try #require(client.request(.get, "/health"))
            _ = world.turn()
            #expect(storm.count(where: \.isReleased) == turn)
            // Its bytes arrive in the turn behind at the latest.
            _ = client.work(at: world.core.now.monotonic)
            #expect(client.messages[stream.rawValue]?.status == 200, "turn \(turn)")
        }
        #expect(world.leftovers() == "")
    }
}
