import YAML

extension TLSSettings: Section {
    static let title = "listeners[].tls"
    static let purpose =
        "TLS 1.2 and 1.3 with the suites of the edge; nothing weaker can be chosen."
    static let settings: [Setting<TLSSettings>] = [
        Setting(
            "certificateFile", \.certificateFile, .file, isRequired: true,
            why: "PEM: the certificate, then the intermediates."),
        Setting("keyFile", \.keyFile, .file, isRequired: true, why: "PEM: its private key."),
        Setting(
            "otherCertificates", \.otherCertificates, .list(of: .section),
            why: "Chosen by the host name that the client asks for (SNI)."),
        Setting(
            "clientCertificates", \.clientCertificates, .choice,
            why: "`request`: verified if shown; `require`: no connection without."),
        Setting(
            "clientCAFile", \.clientCAFile, .optional(.file),
            why: "PEM: who may sign client certificates."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if clientCertificates != .none, clientCAFile == nil {
            reader.report(
                "clientCertificates needs a clientCAFile", at: node.mark(of: "clientCertificates"))
        }
        if clientCertificates == .none, clientCAFile != nil {
            reader.report(
                "clientCAFile is not used while clientCertificates is none",
                at: node.mark(of: "clientCAFile"))
        }
    }
}
