extension CertificateSettings: Section {
    static let title = "listeners[].tls.otherCertificates[]"
    static let purpose =
        "A certificate for clients that ask for one of the host names in it; for all others there "
        + "is the listener's own."
    static let settings: [Setting<CertificateSettings>] = [
        Setting(
            "certificateFile", \.certificateFile, .file, isRequired: true,
            why: "PEM: the certificate, then the intermediates. Its DNS names select it, `*.name` "
                + "for one label more; the first certificate with a name has it."),
        Setting("keyFile", \.keyFile, .file, isRequired: true, why: "PEM: its private key."),
    ]
}
