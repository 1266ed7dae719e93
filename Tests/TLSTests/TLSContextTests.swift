import Kernel
import TLS
import Testing

@Suite("A TLS context")
struct TLSContextTests {
    private let certificates = TestCertificates.shared

    private func fault(
        _ files: [CertificateFiles], years: Int64 = 0,
        _ change: (inout TLSServerSettings) -> Void = { _ in }
    ) -> TLSFault? {
        var settings = TLSServerSettings(certificates: files)
        change(&settings)
        let now = Moment.now()
        let moment = Moment(
            monotonic: now.monotonic,
            wall: UnixTime(seconds: now.wall.seconds + years * 365 * 86_400))
        do throws(TLSFault) {
            _ = try TLSServerContext(settings, at: moment)
            return nil
        } catch {
            return error
        }
    }

    @Test("is refused a file that is not there, naming it")
    func missing() {
        let files = CertificateFiles(
            chainFile: "/nowhere/chain.pem", keyFile: certificates.localhost.keyFile)
        #expect(fault([files])?.reason == "/nowhere/chain.pem: No such file or directory")
        let keyless = CertificateFiles(
            chainFile: certificates.localhost.chainFile, keyFile: "/nowhere/key.pem")
        #expect(fault([keyless])?.reason == "/nowhere/key.pem: No such file or directory")
        let authority = fault([certificates.localhost]) {
            $0.clientCertificates = .require(authoritiesFile: "/nowhere/ca.pem")
        }
        #expect(authority?.reason == "/nowhere/ca.pem: No such file or directory")
    }

    @Test("is refused a file that is not PEM, naming it")
    func notPEM() {
        let text = certificates.file("text.pem", "hello")
        let chain = CertificateFiles(chainFile: text, keyFile: certificates.localhost.keyFile)
        #expect(fault([chain])?.reason.hasPrefix("\(text): not a certificate chain in PEM") == true)
        let key = CertificateFiles(chainFile: certificates.localhost.chainFile, keyFile: text)
        #expect(fault([key])?.reason.hasPrefix("\(text): not the private key of") == true)
    }

    @Test("is refused the key of another certificate, naming both")
    func otherKey() {
        let files = CertificateFiles(
            chainFile: certificates.localhost.chainFile, keyFile: certificates.example.keyFile)
        let reason = fault([files])?.reason
        #expect(reason?.contains(files.keyFile) == true)
        #expect(reason?.contains(files.chainFile) == true)
    }

    @Test("is refused a certificate that has expired, or is not valid yet, with the date")
    func validity() {
        let file = certificates.localhost.chainFile
        let late = fault([certificates.localhost], years: 2)?.reason
        #expect(late?.hasPrefix("\(file): the certificate expired on 20") == true)
        #expect(late?.hasSuffix("GMT") == true)
        let early = fault([certificates.localhost], years: -2)?.reason
        #expect(early?.hasPrefix("\(file): the certificate is not valid before 20") == true)
        #expect(fault([certificates.localhost]) == nil)
    }

    @Test("knows when its first certificate expires")
    func expiry() throws {
        let context = try serverContext()
        let days = Double(context.certificateExpiry.seconds - Moment.now().wall.seconds) / 86_400
        #expect(days > 29.9 && days <= 30)
        let summerOf2020 = Moment(
            monotonic: Instant(nanoseconds: 0), wall: UnixTime(seconds: 1_592_000_000))
        // The other certificates are not valid at that time; this one's end is exact.
        let old = try TLSServerContext(
            TLSServerSettings(certificates: [certificates.expired]), at: summerOf2020)
        #expect(old.certificateExpiry == UnixTime(seconds: 1_609_459_200))
    }

    @Test("is shared by threads that shake hands while its ticket keys rotate")
    func threads() async throws {
        let server = try serverContext()
        let client = try clientContext()
        let start = Moment.now().monotonic
        let established = await withTaskGroup(of: Int.self) { group in
            for task in 0..<4 {
                group.addTask {
                    var count = 0
                    for round in 0..<25 {
                        guard let pair = try? Pair(client, server) else { continue }
                        pair.run()
                        server.rotateTicketKeys(
                            at: start.advanced(milliseconds: (task + 4 * round) * 12 * 3_600_000))
                        if pair.server.progress == .established { count += 1 }
                    }
                    return count
                }
            }
            return await group.reduce(0, +)
        }
        #expect(established == 100)
    }

    @Test("is refused nothing to serve with, and a second certificate that nothing selects")
    func nothing() {
        #expect(fault([])?.kind == .configuration)
        #expect(fault([certificates.localhost]) { $0.protocols = [] }?.kind == .configuration)
        let reason = fault([certificates.localhost, certificates.nameless])?.reason
        #expect(reason?.contains("no DNS name") == true)
        let twice = fault([certificates.example, certificates.localhost, certificates.example])
        #expect(
            twice?.reason == "\(certificates.example.chainFile): no server name selects it, "
                + "as those before it have all its names")
        #expect(fault([certificates.nameless]) == nil)
    }

    @Test("of a client is refused authorities that cannot be read")
    func clientAuthorities() {
        #expect(throws: TLSFault.self) {
            try clientContext { $0.authoritiesFile = "/nowhere/ca.pem" }
        }
        let text = certificates.file("none.pem", "hello")
        #expect(throws: TLSFault.self) { try clientContext { $0.authoritiesFile = text } }
    }

    @Test("of a client takes the system's authorities by default, which do not know ours")
    func systemAuthorities() throws {
        let client = try clientContext { $0.authoritiesFile = nil }
        let pair = try Pair(client, serverContext())
        pair.run()
        #expect(pair.client.fault?.kind == .peerCertificate)
    }
}
