import COpenSSL
import TLS

/// Certificates for the tests, made once per run with the `openssl` tool.
///
/// Without Foundation, whose view of libc differs from that of our C modules.
struct TestCertificates: Sendable {
    static let shared = TestCertificates()

    private let folder: String

    /// The authority of all leaves but `stranger`.
    var authority: String { folder + "/ca.pem" }
    var otherAuthority: String { folder + "/other.pem" }
    /// For localhost, 127.0.0.1 and ::1.
    var localhost: CertificateFiles { files("localhost") }
    /// For api.example.com and *.example.org.
    var example: CertificateFiles { files("example") }
    /// For localhost; was valid in 2020.
    var expired: CertificateFiles { files("expired") }
    /// Without any name in it.
    var nameless: CertificateFiles { files("nameless") }
    /// For a client.
    var client: CertificateFiles { files("client") }
    /// For a client, from the other authority.
    var stranger: CertificateFiles { files("stranger") }

    private init() {
        folder = "/tmp/gatehouse-tls-\(UInt64.random(in: 0 ... .max))"
        shell("mkdir -m 700 \(folder)")
        atexit { TestCertificates.shared.remove() }
        makeAuthority("ca")
        makeAuthority("other")
        makeLeaf("localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1")
        makeLeaf("example", "subjectAltName=DNS:api.example.com,DNS:*.example.org")
        makeExpired("expired", "subjectAltName=DNS:localhost")
        makeLeaf("nameless", "keyUsage=digitalSignature")
        makeLeaf("client", "extendedKeyUsage=clientAuth")
        makeLeaf("stranger", "extendedKeyUsage=clientAuth", authority: "other")
    }

    private func remove() { shell("rm -rf \(folder)") }

    /// A file of this text.
    func file(_ name: String, _ text: String) -> String {
        shell("printf '%s' '\(text)' >\(folder)/\(name)")
        return "\(folder)/\(name)"
    }

    private func files(_ name: String) -> CertificateFiles {
        CertificateFiles(chainFile: folder + "/\(name).pem", keyFile: folder + "/\(name).key")
    }

    private func makeAuthority(_ name: String) {
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "30", "-subj", "/CN=authority-\(name)", "-keyout", "\(name).key",
            "-out", "\(name).pem", "-addext", "keyUsage=critical,keyCertSign")
    }

    private func makeLeaf(_ name: String, _ extensions: String, authority: String = "ca") {
        makeRequest(name, extensions)
        openssl(
            "x509", "-req", "-in", "\(name).csr", "-CA", "\(authority).pem",
            "-CAkey", "\(authority).key", "-days", "30", "-set_serial",
            "\(Int.random(in: 1..<1 << 60))", "-extfile", "\(name).ext", "-out", "\(name).pem")
    }

    /// Only `openssl ca` takes dates of the past.
    private func makeExpired(_ name: String, _ extensions: String) {
        makeRequest(name, extensions)
        _ = file("index", "")
        _ = file(
            "ca.cnf",
            "[ca]\ndefault_ca=c\n[c]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\n"
                + "default_md=sha256\npolicy=p\nemail_in_dn=no\n[p]\ncommonName=supplied\n")
        openssl(
            "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile",
            "ca.key", "-in", "\(name).csr", "-extfile", "\(name).ext", "-out", "\(name).pem",
            "-startdate", "20200101000000Z", "-enddate", "20210101000000Z")
    }

    private func makeRequest(_ name: String, _ extensions: String) {
        openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/O=Gatehouse/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).csr")
        _ = file("\(name).ext", extensions)
    }

    private func openssl(_ arguments: String...) {
        let line = arguments.joined(separator: " ")
        shell("cd \(folder) && openssl \(line) >/dev/null 2>&1")
    }

    private func shell(_ line: String) {
        let status = unsafe system(line)
        precondition(status == 0, "failed: \(line)")
    }
}
