import YAML

extension LimitSettings: Section {
    static let title = "limits"
    static let purpose = "What peers may make the process hold."
    static let settings: [Setting<LimitSettings>] = heads + frames + flow + clients

    private static let heads: [Setting<LimitSettings>] = [
        Setting(
            "requestHeadBytes", \.requestHeadBytes, .whole(1_024...1_048_576),
            why: "A request head, decoded; more is answered 431."),
        Setting(
            "requestFieldCount", \.requestFieldCount, .whole(8...10_000),
            why: "Fields of a request head; more is answered 431."),
        Setting(
            "requestTargetBytes", \.requestTargetBytes, .whole(256...1_048_576),
            why: "Request line or `:path`; more is answered 414."),
        Setting(
            "trailerBytes", \.trailerBytes, .whole(0...1_048_576),
            why: "Trailer fields behind a body."),
    ]

    private static let frames: [Setting<LimitSettings>] = [
        Setting(
            "concurrentStreams", \.concurrentStreams, .whole(1...10_000),
            why: "HTTP/2 requests under way on one connection."),
        Setting(
            "connectionHeadBytes", \.connectionHeadBytes, .whole(65_536...1_073_741_824),
            why: "The heads of all HTTP/2 requests under way on one connection, decoded; more "
                + "streams are refused. Compression makes a large head of a few bytes."),
        Setting(
            "resetBurst", \.resetBurst, .whole(1...1_000_000),
            why: "HTTP/2 streams of one connection that the client may break off, or make the "
                + "gateway reset, in a row; then the connection ends."),
        Setting(
            "resetsPerSecond", \.resetsPerSecond, .whole(0...1_000_000),
            why: "How many of those are granted again each second."),
        Setting(
            "uselessFrameBurst", \.uselessFrameBurst, .whole(100...1_000_000),
            why: "HTTP/2 frames that carry no request and no bytes, in a row; then the connection "
                + "ends. Requests and bytes earn further ones."),
        Setting(
            "uselessFramesPerSecond", \.uselessFramesPerSecond, .whole(0...1_000_000),
            why: "How many of those are granted again each second."),
        Setting(
            "queuedControlFrames", \.queuedControlFrames, .whole(100...1_000_000),
            why: "HTTP/2 frames that wait for a client that does not read what it caused."),
    ]

    private static let flow: [Setting<LimitSettings>] = [
        Setting(
            "streamWindowBytes", \.streamWindowBytes, .whole(16_384...16_777_216),
            why: "HTTP/2 receive window of a stream."),
        Setting(
            "connectionWindowBytes", \.connectionWindowBytes, .whole(65_535...1_073_741_824),
            why: "HTTP/2 receive window of a connection."),
        Setting(
            "streamBufferBytes", \.streamBufferBytes, .whole(16_384...67_108_864),
            why: "What one request may have buffered, each way; then the sender has to wait."),
        Setting(
            "collectedBodiesBytes", \.collectedBodiesBytes, .whole(1_048_576...1_099_511_627_776),
            why: "All JSON bodies being collected, together; more are answered 503."),
        Setting(
            "translatedAnswerBytes", \.translatedAnswerBytes, .whole(1_024...1_073_741_824),
            why: "The answer to a `legacyCompletions` route, which is read to its end before the "
                + "client gets it; a longer one is answered 502. Counts as a collected body."),
        Setting(
            "countedAddresses", \.countedAddresses, .whole(16...16_777_216),
            why: "Client addresses that a site's `addressRequestsPerMinute` counts at once, 24 "
                + "bytes each; those beyond are not counted."),
        Setting(
            "memoryBytes", \.memoryBytes, .whole(1_048_576...1_125_899_906_842_624, or: "auto"),
            why: "Memory of the process in RAM above which requests are answered 503, `/health` "
                + "aside, until it is a twentieth below. `auto`: nine tenths of what the machine "
                + "has or its control group allows."),
        Setting(
            "meters", \.meters, .whole(1...100_000_000),
            why: "Keys, projects and users that are counted at once; requests of users beyond are "
                + "answered 503."),
    ]

    private static let clients: [Setting<LimitSettings>] = [
        Setting(
            "clientConnections", \.clientConnections, .whole(0...10_000_000),
            why: "Client connections at once. 0: half of the process's descriptor limit."),
        Setting(
            "addressConnections", \.addressConnections, .whole(1...10_000_000, or: "unlimited"),
            why: "Connections of one client address at once (IPv6: of each /64), all workers "
                + "together; more are closed before anything is said. `trustedProxies` are not "
                + "counted."),
        Setting(
            "uploadBytesPerSecond", \.uploadBytesPerSecond,
            .whole(1...1_000_000_000, or: "off"),
            why: "The least a client must send of a body, averaged over the time it was waited "
                + "for; `timeouts.requestBodyIdleSeconds` are granted beside. Slower ones are "
                + "answered 408."),
        Setting(
            "downloadBytesPerSecond", \.downloadBytesPerSecond,
            .whole(1...1_000_000_000, or: "off"),
            why: "The least a client must take of an answer, averaged likewise beside "
                + "`timeouts.writeStallSeconds`; the streams of slower ones are broken off."),
        Setting(
            "lingerBytes", \.lingerBytes, .whole(0...1_073_741_824),
            why: "Read and thrown away behind an early HTTP/1.1 answer or an HTTP/2 connection "
                + "error, so that the client sees it instead of a reset."),
        Setting(
            "lingerSeconds", \.linger, .seconds(0...600_000), why: "How long that may take."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        if requestTargetBytes > requestHeadBytes {
            reader.report(
                "requestTargetBytes is larger than requestHeadBytes",
                at: node.mark(of: "requestTargetBytes"))
        }
        if streamWindowBytes > connectionWindowBytes {
            reader.report(
                "streamWindowBytes is larger than connectionWindowBytes",
                at: node.mark(of: "streamWindowBytes"))
        }
        if requestHeadBytes > connectionHeadBytes {
            reader.report(
                "requestHeadBytes is larger than connectionHeadBytes",
                at: node.mark(of: "requestHeadBytes"))
        }
    }
}
