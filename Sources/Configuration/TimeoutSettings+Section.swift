extension TimeoutSettings: Section {
    static let title = "timeouts"
    static let purpose = """
        How long each step may take. There is no total limit on a request: a long answer that \
        keeps moving is never cut.
        """
    static let settings: [Setting<TimeoutSettings>] = [
        Setting(
            "tlsHandshakeSeconds", \.tlsHandshake, .seconds(1...3_600_000),
            why: "From the accepted connection to the finished handshake."),
        Setting(
            "requestHeadSeconds", \.requestHead, .seconds(1...3_600_000),
            why: "From a head's first byte to its last, however slowly they drip."),
        Setting(
            "requestBodyIdleSeconds", \.requestBodyIdle, .seconds(1...3_600_000),
            why: "Between two pieces of a request body; then 408."),
        Setting(
            "keepAliveIdleSeconds", \.keepAliveIdle, .seconds(1...86_400_000),
            why: "A connection without a request under way."),
        Setting(
            "writeStallSeconds", \.writeStall, .seconds(1...3_600_000),
            why: "A client that takes no byte of an answer that is ready."),
        Setting(
            "tunnelIdleSeconds", \.tunnelIdle, .seconds(1...86_400_000),
            why: "An open WebSocket without a byte in either direction. As a whole it has no "
                + "limit."),
        Setting(
            "tunnelHalfClosedSeconds", \.tunnelHalfClosed, .seconds(1...3_600_000),
            why: "The same when one side has ended its direction and the other has not."),
        Setting(
            "drainSeconds", \.drain, .seconds(0...86_400_000),
            why: "What requests under way get to finish when the process is told to stop."),
        Setting(
            "restartSeconds", \.restart, .seconds(1_000...3_600_000),
            why: "From SIGUSR2 until the new process serves; then it is given up and the old one "
                + "goes on."),
        Setting("upstream", \.upstream, .section, why: "The steps towards the upstream."),
    ]
}
