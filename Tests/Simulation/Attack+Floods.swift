/// Frames that carry nothing, without end.
extension Attack {
    /// More than a budget of useless frames and what a few requests add to it.
    private static let many = 1_400

    static let floods =
        [
            http2("ping flood").going(on: many) { _, index in
                Frame.make(.ping, Frame.word(index) + Frame.word(index))
            },
            http2("ping acknowledgement flood").going(on: many) { _, _ in
                Frame.make(.ping, flags: Frame.acknowledged, [UInt8](repeating: 0, count: 8))
            },
            http2("settings flood").going(on: many) { _, _ in Frame.settings() },
            http2("settings acknowledgement flood").going(on: many) { _, _ in
                Frame.make(.settings, flags: Frame.acknowledged)
            },
            http2("settings flood that resizes windows", reach: .part, opening: waiting)
                .going(on: many) { _, index in
                    Frame.settings((.window, index % 2 + 1), (.table, 4_096 * (index % 2)))
                },
            http2("priority flood").going(on: many) { _, index in
                Frame.make(.priority, on: 2 * index + 1, Frame.word(0) + [1])
            },
            http2("priority flood that weaves").going(on: many) { _, index in
                let other = 2 * ((index * 7 + 1) % 1_000) + 1
                return Frame.make(
                    .priority, on: 2 * (index % 1_000) + 1, Frame.word(other | 1 << 31) + [1])
            },
            http2("window flood").going(on: many) { _, _ in Frame.window(0, 1) },
            http2("unknown frame flood").going(on: many) { _, _ in
                Frame.make(0xbe, Array("unknown".utf8))
            },
            http2("large unknown frame flood").going(on: many) { _, _ in
                Frame.make(0xbe, [UInt8](repeating: 0, count: 500))
            },
            http2("extension frame flood").going(on: many) { _, index in
                Frame.make([0x0a, 0x0c, 0x10][index % 3], Frame.word(1) + Array("u=1".utf8))
            },
            http2("goaway flood").going(on: many) { _, _ in
                Frame.make(.goAway, Frame.word(0) + Frame.word(0) + Array("bye".utf8))
            },
        ] + floodsOfStreams

    /// On a stream that is open, or over.
    private static let floodsOfStreams = [
        http2("empty data flood", reach: .part, opening: oneWaiting).going(on: many) { _, _ in
            Frame.data(1, [])
        },
        http2("padding flood", reach: .part, opening: oneWaiting).going(on: many) { _, _ in
            let padding = [UInt8](repeating: 0, count: 60)
            return Frame.make(.data, flags: Frame.padded, on: 1, [60] + padding)
        },
        http2("window flood on a stream", reach: .part, opening: oneWaiting)
            .going(on: many) { _, _ in Frame.window(1, 1) },
        http2("data flood on a closed stream", opening: answered).going(on: many) { _, _ in
            Frame.data(1, [])
        },
        http2("flood of ends on a closed stream", opening: answered).going(on: many) { _, _ in
            Frame.data(1, [], isEnd: true)
        },
        http2("flood of heads on a closed stream", opening: answered).going(on: many) { _, _ in
            Frame.request(1, Aim.health)
        },
        http2("flood of resets on a closed stream", opening: answered).going(on: many) { _, _ in
            Frame.reset(1)
        },
    ]

    /// Requests whose bodies do not come.
    @Sendable private static func waiting(_ aim: Aim) -> [UInt8] {
        (0..<10).flatMap { Frame.request(2 * $0 + 1, aim.upload(), isEnd: false) }
    }

    @Sendable private static func oneWaiting(_ aim: Aim) -> [UInt8] {
        Frame.request(1, aim.upload(), isEnd: false)
    }

    @Sendable private static func answered(_: Aim) -> [UInt8] { Frame.request(1, Aim.health) }
}
