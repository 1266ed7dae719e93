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

    @Test("is refused nothing to serve with, and a second certificate that nothing selects")
    func nothing() {
        #expect(fault([])?.kind == .configuration)
        #expect(fault([certificates.localhost]) { $0.protocols = [] }?.kind == .configuration)
        let reason = fault([certificates.localhost, certificates.nameless])?.reason
        #expect(reason?.contains("no DNS name") == true)
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
