/// Streams that are opened to be broken off, by the client or, for its faults, by the gateway.
extension Attack {
    /// More than a budget of resets.
    private static let many = 250

    static let resets = [
        broken("rapid reset") { Frame.reset($0) },
        broken("reset by a window of zero") { Frame.window($0, 0) },
        broken("reset by a window that overflows") { Frame.window($0, 0x7fff_ffff) },
        broken("reset by a priority on itself") { stream in
            Frame.make(.priority, on: stream, Frame.word(stream) + [16])
        },
        broken("reset by a short priority") { Frame.make(.priority, on: $0, [0]) },
        broken("reset by trailers without an end") { Frame.request($0, trailers, isEnd: false) },
        broken("reset by malformed trailers") {
            Frame.request($0, FieldCoding.literal("Upper", "1"))
        },
        // An upstream on HTTP/1.1 has the whole of what was announced.
        broken("reset by more than the length", reach: .whole, ("content-length", "5")) {
            Frame.data($0, Array("123456".utf8))
        },
        broken("reset by less than the length", ("content-length", "5")) {
            Frame.data($0, Array("1".utf8), isEnd: true)
        },
        broken("reset by data behind the end", reach: .whole) {
            Frame.data($0, Array("1".utf8), isEnd: true) + Frame.data($0, Array("2".utf8))
        },
        broken("reset by a head behind the end", reach: .whole) {
            Frame.data($0, Array("1".utf8), isEnd: true) + Frame.request($0, trailers)
        },
        http2("malformed heads").going(on: many) { _, index in
            Frame.request(2 * index + 1, Aim.head("GET", "/health", ("connection", "close")))
        },
        broken("streams beyond the announced") { _ in [] },
    ]

    private static let trailers = FieldCoding.literal("x-trailer", "1")

    private static func broken(
        _ name: String, reach: Reach = .part, _ fields: (String, String)...,
        by breakOff: @escaping @Sendable (Int) -> [UInt8]
    ) -> Attack {
        http2(name, reach: reach).going(on: many) { aim, index in
            let block = aim.upload() + FieldCoding.block(fields)
            return Frame.request(2 * index + 1, block, isEnd: false) + breakOff(2 * index + 1)
        }
    }
}
