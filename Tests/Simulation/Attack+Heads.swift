/// Header blocks that do not end, do not fit, or grow when they are decoded.
extension Attack {
    static let heads = [
        http2("continuation flood", opening: openHead).going(on: 400) { _, _ in
            let value = String(repeating: "a", count: 120)
            return Frame.make(.continuation, on: 1, FieldCoding.literal("x-a", value))
        },
        http2("empty continuation flood", opening: openHead).going(on: 400) { _, _ in
            Frame.make(.continuation, on: 1)
        },
        http2("a head without an end", .either, opening: openHead),
        http2("compression bomb", opening: { _ in primed + bomb(3, 12_000) }),
        http2("small compression bombs", .either, opening: { _ in primed }).going(on: 40) {
            Frame.request(2 * $1 + 3, Aim.health + references(6))
        },
        http2("heads that are held", .either, reach: .part, opening: { _ in primed })
            .going(on: 40) { aim, index in
                Frame.request(2 * index + 3, aim.upload() + references(1), isEnd: false)
            },
        // An answer may have ended the stream before: then nothing is made of its trailers.
        http2("trailer bomb", .either, reach: .part) { aim in
            let block = references(12_000)
            return primed + Frame.request(3, aim.upload(), isEnd: false)
                + Frame.make(.headers, flags: Frame.end | Frame.endOfHead, on: 3, block)
        },
        http2("too many fields", .either) { _ in
            let fields = (0..<101).flatMap { _ in FieldCoding.literal("x-f", "1") }
            return Frame.request(1, Aim.health + fields) + Frame.request(3, Aim.health)
        },
        http2("a table resized again and again") { _ in
            Frame.request(1, [UInt8](repeating: 0x20, count: 5_000) + Aim.health)
                + Frame.request(3, Aim.health + [0x3f, 0xe1, 0x1f])
        },
        http2("injection into HTTP/1.1", .either, opening: injections),
    ]

    @Sendable private static func openHead(_: Aim) -> [UInt8] {
        Frame.make(.headers, flags: Frame.end, on: 1, Aim.health)
    }

    /// Puts 3,900 bytes into the dynamic table.
    private static let primed = Frame.request(
        1, Aim.health + FieldCoding.remembered("x-bomb", String(repeating: "a", count: 3_900)))

    private static func references(_ count: Int) -> [UInt8] {
        [UInt8](repeating: FieldCoding.newest, count: count)
    }

    private static func bomb(_ stream: Int, _ count: Int) -> [UInt8] {
        Frame.make(.headers, flags: Frame.end, on: stream, Aim.health + references(count))
            + Frame.make(.continuation, flags: Frame.endOfHead, on: stream)
    }

    /// CR, LF, NUL and fields of a connection, in every place of a head.
    @Sendable private static func injections(_: Aim) -> [UInt8] {
        let poisons = ["a\r\nx-injected: 1", "a\nx-injected: 1", "a\rb", "a\0b"]
        var blocks = poisons.flatMap { poison in
            [
                Aim.head("GET", "/v1/files/injected?\(poison)"),
                Aim.head("GET", "/v1/files/injected", ("x-a", poison)),
                Aim.head("GET", "/v1/files/injected", (poison, "1")),
                Aim.head(poison, "/v1/files/injected"),
            ]
        }
        for field in ["connection", "transfer-encoding", "keep-alive", "upgrade"] {
            blocks.append(Aim.head("GET", "/v1/files/injected", (field, "chunked")))
        }
        return blocks.enumerated().flatMap { Frame.request(2 * $0.offset + 1, $0.element) }
    }
}
