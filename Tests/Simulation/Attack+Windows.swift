/// Clients that do not take what they asked for, or take it byte by byte, or send what they may
/// not.
extension Attack {
    private static let streams = 15

    static let windows = [
        shut("windows that stay shut"),
        shut("windows that open byte by byte").going(on: 200) { _, index in
            Frame.window(2 * (index % streams) + 1, 1) + Frame.window(0, 1)
        },
        shut("windows that go up and down").going(on: 200) { _, index in
            Frame.settings((.window, [0, 900, 1, 65_535, 20][index % 5]))
        },
        http2("bytes beyond the window", .either, reach: .part, opening: upload)
            .going(on: 8) { _, _ in Frame.data(1, [UInt8](repeating: 120, count: 16_384)) },
        http2("a body of single bytes", .either, reach: .part, opening: upload)
            .going(on: 500) { _, _ in Frame.data(1, [120]) },
        http2("collected bodies without an end", .either) { aim in
            (0..<streams).flatMap { index in
                let stream = 2 * index + 1
                return Frame.request(stream, aim.chat, isEnd: false)
                    + Frame.data(stream, [UInt8](repeating: 32, count: 2_000))
            }
        },
    ]

    private static func shut(_ name: String) -> Attack {
        Attack(name: name, isHTTP2: true, end: .either, reach: .whole) { aim in
            Frame.preface + Frame.settings((.window, 0))
                + (0..<streams).flatMap { Frame.request(2 * $0 + 1, aim.upload()) }
        }
    }

    @Sendable private static func upload(_ aim: Aim) -> [UInt8] {
        Frame.request(1, aim.upload(), isEnd: false)
    }
}
