/// Frames over HTTP/2 that an upstream may not send, or not then.
extension Villainy {
    static let http2 = onStreams + onConnections + withoutEnd + besideStreams

    /// What is wrong with one stream, and must harm no other.
    private static let onStreams = [
        stream("no status") { opened($0, FieldCoding.literal("x-a", "1")) },
        stream("a strange status") { opened($0, head($0, status: "20")) },
        stream("a low status") { opened($0, head($0, status: "099")) },
        stream("a field of a connection") {
            opened($0, head($0, ("connection", "close")))
        },
        stream("a field in capitals") { opened($0, head($0, ("Upper", "1"))) },
        stream("two lengths") {
            opened($0, head($0, ("content-length", "5"), ("content-length", "6")))
        },
        stream("too many fields") { scene in
            let fields = (0..<200).flatMap { _ in FieldCoding.literal("x-f", "1") }
            return opened(scene, head(scene) + fields)
        },
        stream("a NUL in the head") { opened($0, head($0, ("x-a", "a\0b"))) },
        stream("interim answers without end") { scene in
            let interim = FieldCoding.literal(":status", "103")
            return (0..<40).flatMap { _ in opened(scene, interim) }
        },
        stream("a reset in the middle", .broken) { begun($0) + Frame.reset($0.stream) },
        stream("more than the length", .broken) { scene in
            let fields = head(scene, ("content-length", "\(scene.body.count)"))
            return opened(scene, fields)
                + data(scene, scene.body + [1, 2, 3])
        },
        stream("less than the length", .broken) { scene in
            let fields = head(scene, ("content-length", "\(scene.body.count + 9)"))
            return opened(scene, fields)
                + data(scene, scene.body, isEnd: true)
        },
        stream("a second head", .broken) { scene in
            begun(scene) + opened(scene, head(scene))
        },
        stream("strange trailers", .broken) { scene in
            begun(scene) + Frame.request(scene.stream, FieldCoding.literal("Upper", "1"))
        },
    ]

    /// What ends the connection with all that is on it.
    private static let onConnections = [
        // The connection's codec does not know that the stream is over, and counts it on.
        connection("a reset") { Frame.reset($0.stream) },
        connection("data before the head") { Frame.data($0.stream, [1]) },
        connection("a push promise") {
            Frame.make(
                .pushPromise, flags: Frame.endOfHead, on: $0.stream,
                Frame.word(2) + FieldCoding.literal(":path", "/"))
        },
        connection("a head of its own") { Frame.request(2, head($0)) },
        connection("a head on an idle stream") { Frame.request($0.stream + 40, head($0)) },
        connection("a window beyond 2^31") { _ in Frame.settings((.window, 1 << 31)) },
        connection("frames too small") { _ in Frame.settings((.frame, 100)) },
        connection("pushes of its own") { _ in Frame.settings((.push, 2)) },
        connection("a window that overflows") { _ in Frame.window(0, 0x7fff_ffff) },
        connection("a window of zero") { _ in Frame.window(0, 0) },
        connection("a goodbye of a stream") { Frame.make(.goAway, on: $0.stream, eight) },
        connection("a frame of 20,000 bytes") { Frame.data($0.stream, zeros(20_000)) },
        connection("broken compression") { Frame.request($0.stream, [255, 255, 255, 255, 255]) },
        connection("garbage") { _ in Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8) },
        connection("another frame within a head") {
            Frame.make(.headers, on: $0.stream, head($0)) + Frame.make(.ping, eight)
        },
        connection("a compression bomb") { scene in
            let value = String(repeating: "a", count: 3_900)
            let block = head(scene) + FieldCoding.remembered("x-bomb", value)
            return Frame.make(
                .headers, on: scene.stream,
                block + [UInt8](repeating: FieldCoding.newest, count: 12_000))
                + Frame.make(.continuation, flags: Frame.endOfHead, on: scene.stream)
        },
        connection("an end with an error", isLast: true) { _ in
            Frame.make(.goAway, Frame.word(0x7fff_ffff) + Frame.word(2))
        },
        Villainy(
            name: "bytes beyond the window", outcome: .broken, bodyBytes: 70_000, words: begun),
    ]

    /// Frames that carry nothing, more than a budget bears.
    private static let withoutEnd = [
        connection("ping flood") { _ in repeated(Frame.make(.ping, eight)) },
        connection("settings flood") { _ in repeated(Frame.settings()) },
        connection("window flood") { _ in repeated(Frame.window(0, 1)) },
        connection("unknown frame flood") { _ in repeated(Frame.make(0xbe, eight)) },
        connection("empty data flood", .broken) { scene in
            Frame.request(scene.stream, head(scene), isEnd: false)
                + repeated(Frame.data(scene.stream, []))
        },
        connection("continuation flood") { scene in
            Frame.make(.headers, on: scene.stream, head(scene))
                + repeated(Frame.make(.continuation, on: scene.stream))
        },
    ]

    private static let besideStreams = [
        Villainy(name: "a goodbye that refuses all", outcome: .refused, isRefusal: true) { _ in
            Frame.make(.goAway, Frame.word(0) + Frame.word(0))
        },
        Villainy(name: "data behind the end", outcome: .whole) { scene in
            Frame.request(scene.stream, head(scene), isEnd: false)
                + data(scene, scene.body, isEnd: true) + Frame.data(scene.stream, [1, 2, 3])
        },
        Villainy(name: "resets behind the end", outcome: .whole) { scene in
            Frame.request(scene.stream, head(scene), isEnd: false)
                + data(scene, scene.body, isEnd: true)
                + (0..<50).flatMap { _ in Frame.reset(scene.stream) }
        },
    ]

    private static let eight = zeros(8)

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    private static func repeated(_ frame: [UInt8]) -> [UInt8] {
        (0..<1_500).flatMap { _ in frame }
    }

    private static func head(
        _ scene: Scene, status: String = "200", _ fields: (String, String)...
    ) -> [UInt8] {
        let own = [
            (":status", status), ("content-type", scene.type), ("x-attempt", scene.name),
        ]
        return FieldCoding.block(own + fields)
    }

    /// A head without an end: the gateway has to tell that it wants no more of the stream.
    private static func opened(_ scene: Scene, _ block: [UInt8]) -> [UInt8] {
        Frame.request(scene.stream, block, isEnd: false)
    }

    /// A head and the body, without an end.
    @Sendable private static func begun(_ scene: Scene) -> [UInt8] {
        Frame.request(scene.stream, head(scene), isEnd: false) + data(scene, scene.body)
    }

    private static func data(_ scene: Scene, _ bytes: [UInt8], isEnd: Bool = false) -> [UInt8] {
        var frames: [UInt8] = []
        var rest = bytes[...]
        repeat {
            let piece = Array(rest.prefix(10_000))
            rest = rest.dropFirst(piece.count)
            frames += Frame.data(scene.stream, piece, isEnd: isEnd && rest.isEmpty)
        } while !rest.isEmpty
        return frames
    }

    private static func stream(
        _ name: String, _ outcome: Outcome = .refused,
        _ words: @escaping @Sendable (Scene) -> [UInt8]
    ) -> Villainy {
        // Bytes by hand are not in the account that the connection's codec keeps of its window.
        Villainy(name: name, outcome: outcome, isContained: outcome == .refused, words: words)
    }

    private static func connection(
        _ name: String, _ outcome: Outcome = .refused, isLast: Bool = false,
        _ words: @escaping @Sendable (Scene) -> [UInt8]
    ) -> Villainy {
        Villainy(name: name, outcome: outcome, isLast: isLast, words: words)
    }
}
