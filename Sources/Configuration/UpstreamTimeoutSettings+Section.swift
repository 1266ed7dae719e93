extension UpstreamTimeoutSettings: Section {
    static let title = "timeouts.upstream"
    static let purpose = "How long each step towards the upstream may take."
    static let settings: [Setting<UpstreamTimeoutSettings>] = [
        Setting(
            "connectSeconds", \.connect, .seconds(1...3_600_000),
            why: "TCP connection, name resolution included."),
        Setting("tlsSeconds", \.tls, .seconds(1...3_600_000), why: "TLS handshake."),
        Setting(
            "firstByteSeconds", \.firstByte, .seconds(1...86_400_000),
            why: "From the sent request to the answer's first byte: models think for minutes."),
        Setting(
            "idleSeconds", \.idle, .seconds(1...86_400_000),
            why: "Between two bytes of an answer."),
        Setting(
            "poolIdleSeconds", \.poolIdle, .seconds(0...86_400_000),
            why: "An unused connection is closed after this; shorter than the upstream's own idle "
                + "timeout, or requests meet its close."),
    ]
}
