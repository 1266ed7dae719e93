import Chance

/// What no client of HTTP/2 says at all.
extension Attack {
    private static let eight = [UInt8](repeating: 0, count: 8)

    static let illegalFrames: [Attack] =
        [
            ("an even stream", Frame.request(2, Aim.health)),
            ("a head on the connection", Frame.request(0, Aim.health)),
            ("data on an idle stream", Frame.data(9, [120])),
            ("a reset of an idle stream", Frame.reset(9)),
            ("a window of an idle stream", Frame.window(9, 1)),
            ("a reset of the connection", Frame.reset(0)),
            (
                "a push promise",
                Frame.make(.pushPromise, flags: Frame.endOfHead, on: 1, Frame.word(2) + Aim.health)
            ),
            ("a push of two", Frame.settings((.push, 2))),
            ("a window beyond 2^31", Frame.settings((.window, 1 << 31))),
            ("frames too small", Frame.settings((.frame, 100))),
            ("frames too big", Frame.settings((.frame, 1 << 24))),
            ("settings of a stream", Frame.make(.settings, on: 1)),
            ("settings of an odd size", Frame.make(.settings, Array("12345".utf8))),
            (
                "an acknowledgement with a body",
                Frame.make(.settings, flags: Frame.acknowledged, Array("123456".utf8))
            ),
            (
                "too many settings",
                Frame.make(.settings, (0..<2_000).flatMap { _ in [0, 0x99] + Frame.word(0) })
            ),
            ("a ping on a stream", Frame.make(.ping, on: 1, eight)),
            ("a ping of nine bytes", Frame.make(.ping, eight + [0])),
            ("a goaway of a stream", Frame.make(.goAway, on: 1, eight)),
            ("a goaway of four bytes", Frame.make(.goAway, Frame.word(0))),
            ("a window of three bytes", Frame.make(.window, [0, 0, 1])),
            (
                "a lone continuation",
                Frame.make(.continuation, flags: Frame.endOfHead, on: 1, Aim.health)
            ),
            (
                "another frame within a head",
                Frame.make(.headers, on: 1, Aim.health) + Frame.make(.ping, eight)
            ),
            (
                "a continuation of another head",
                Frame.make(.headers, on: 1, Aim.health)
                    + Frame.make(.continuation, flags: Frame.endOfHead, on: 3, Aim.health)
            ),
            ("padding beyond the frame", Frame.make(.data, flags: Frame.padded, on: 1, [255])),
            ("a window that overflows", Frame.window(0, 0x7fff_ffff)),
            ("a window of zero", Frame.window(0, 0)),
            ("a frame of 20,000 bytes", Frame.data(1, [UInt8](repeating: 0, count: 20_000))),
            ("broken compression", Frame.request(1, [UInt8](repeating: 255, count: 7))),
            (
                "an integer without an end",
                Frame.request(1, [127] + [UInt8](repeating: 128, count: 40) + [1])
            ),
            ("a table resized behind a field", Frame.request(1, Aim.health + [0x3f, 0xe1, 0x1f])),
        ].map { name, bytes in http2(name, opening: { _ in bytes }) }

    /// Beginnings that promise HTTP/2, and an honest conversation with some of its bytes changed.
    static let strangePrefaces = [
        Attack(name: "half a preface", isHTTP2: true, end: .either) { _ in
            Array(Frame.preface.prefix(14))
        },
        Attack(name: "another preface", isHTTP2: true) { _ in
            Array("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n".utf8)
        },
        Attack(name: "garbage behind the preface", isHTTP2: true, end: .either) { aim in
            var random = SeededRandom(seed: aim.seed)
            let count = 1 + random.below(2_000)
            return Frame.preface + (0..<count).map { _ in UInt8(random.below(256)) }
        },
        Attack(name: "a conversation with changed bytes", isHTTP2: true, end: .either) { aim in
            var random = SeededRandom(seed: aim.seed)
            var bytes =
                Frame.opening + Frame.request(1, Aim.health) + Frame.make(.ping, eight)
                + Frame.request(3, Aim.health, isEnd: false)
                + Frame.data(3, [1, 2, 3], isEnd: true)
                + Frame.window(0, 1_000) + Frame.request(5, Aim.health)
            for _ in 0...random.below(6) {
                bytes[24 + random.below(bytes.count - 24)] = UInt8(random.below(256))
            }
            return bytes
        },
        http2("the last stream, and one below it", .either) { _ in
            Frame.request(0x7fff_ffff, Aim.health) + Frame.request(1, Aim.health)
        },
        http2("a goodbye and a request", .either) { _ in
            Frame.make(.goAway, eight) + Frame.request(1, Aim.health)
        },
    ]
}
