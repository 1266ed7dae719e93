import Chance

/// HTTP/1.1 that drips, never ends, or asks for more than there is.
extension Attack {
    private static let start = "GET /health HTTP/1.1\r\nHost: gateway\r\n"

    static let slowAndGreedy = [
        Attack(name: "fields without end", isHTTP2: false, answers: 1, isRefused: true) { _ in
            Array(start.utf8)
        }.going(on: 200) { _, _ in Array("X-F: a\r\n".utf8) },
        Attack(name: "a field without end", isHTTP2: false, answers: 1, isRefused: true) { _ in
            Array((start + "X-F: ").utf8)
        }.going(on: 1_000) { _, _ in Array("aaaaaaaaaa".utf8) },
        Attack(name: "a target without end", isHTTP2: false, answers: 1, isRefused: true) { _ in
            Array("GET /".utf8)
        }.going(on: 2_000) { _, _ in Array("aaaaaaaaaa".utf8) },
        Attack(name: "empty lines", isHTTP2: false, end: .either, isRefused: true) { _ in [] }
            .going(on: 50) { _, _ in [13, 10] },
        Attack(name: "half a head", isHTTP2: false, end: .either, isRefused: true) { _ in
            Array(start.utf8)
        },
        Attack(
            name: "a body that stops", isHTTP2: false, end: .either, reach: .part, answers: 1
        ) { Array(($0.upload(lines: "Content-Length: 1000\r\n") + "{").utf8) },
        Attack(
            name: "a body of 2^63 - 1", isHTTP2: false, end: .either, answers: 1, isRefused: true
        ) { Array($0.upload(lines: "Content-Length: 9223372036854775807\r\n").utf8) },
        Attack(name: "pipelining", isHTTP2: false, end: .either) { _ in [] }
            .going(on: 300) { _, _ in Array((start + "\r\n").utf8) },
        Attack(
            name: "chunks of extensions", isHTTP2: false, reach: .part, answers: 1,
            opening: chunkedUpload
        ).going(on: 120) { _, _ in
            Array("1;\(String(repeating: "e", count: 250))\r\nx\r\n".utf8)
        },
        Attack(
            name: "chunks of one byte", isHTTP2: false, end: .either, reach: .part, answers: 1,
            opening: chunkedUpload
        ).going(on: 500) { _, _ in Array("1\r\nx\r\n".utf8) },
        Attack(name: "garbage", isHTTP2: false, end: .either, isRefused: true) { aim in
            var random = SeededRandom(seed: aim.seed)
            return (0...random.below(2_000)).map { _ in UInt8(random.below(256)) }
        },
    ]

    @Sendable private static func chunkedUpload(_ aim: Aim) -> [UInt8] {
        Array(aim.upload(lines: "Transfer-Encoding: chunked\r\n").utf8)
    }
}
