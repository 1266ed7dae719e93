/// Answers over HTTP/1.1 of which two readers make two things, or nobody makes anything.
extension Villainy {
    private static let chunked = "Transfer-Encoding: chunked\r\n"
    private static let poisoned =
        "HTTP/1.1 200 OK\r\nX-Attempt: poisoned\r\nContent-Length: 8\r\n\r\npoisoned"

    static let http1 = brokenHeads + brokenBodies + besideAnswers

    private static let brokenHeads =
        [
            raw("garbage", "\u{16}\u{03}\u{01} what is this? \r\n\r\n\0\0"),
            raw("nothing", ""),
            raw("half a head", "HTTP/1.1 200 OK\r\nContent-Ty"),
            raw("a strange version", "HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
            raw("a strange status", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n"),
            raw("a low status", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"),
            raw("bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
            raw(
                "another protocol nobody asked for",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    + "Connection: upgrade\r\n\r\n"),
            raw(
                "interim answers without end",
                String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", count: 1_000)),
            head("a length and chunks", "Content-Length: 5\r\n" + chunked),
            head("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"),
            head("a strange length", "Content-Length: 5x\r\n"),
            head("a negative length", "Content-Length: -5\r\n"),
            head("a strange coding", "Transfer-Encoding: gzip, chunked\r\n"),
            head("two codings", chunked + chunked),
            head("a folded field", "X-A: b\r\n folded\r\nContent-Length: 5\r\n"),
            head("a NUL in the head", "X-A: a\0b\r\nContent-Length: 5\r\n"),
            head("a blank before the colon", "Content-Length : 5\r\n"),
            head(
                "too many fields",
                String(repeating: "X-F: 1\r\n", count: 200) + "Content-Length: 5\r\n"),
            head(
                "a head too large",
                "X-F: \(String(repeating: "f", count: 20_000))\r\nContent-Length: 5\r\n"),
        ]

    private static let brokenBodies = [
        body("a body cut short") {
            text($0, "Content-Length: \($0.body.count + 10)\r\n") + $0.body
        },
        body("chunks cut short") { text($0, chunked) + chunk($0.body) },
        body("a chunk cut short") { scene in
            text(scene, chunked) + Array("\(String(scene.body.count + 9, radix: 16))\r\n".utf8)
                + scene.body
        },
        body("a size of junk") { text($0, chunked) + chunk($0.body) + Array("zz\r\n".utf8) },
        body("a size beyond 2^64") {
            text($0, chunked) + chunk($0.body) + Array("FFFFFFFFFFFFFFFFF\r\n".utf8)
        },
        body("a chunk beyond its size") {
            text($0, chunked) + chunk($0.body).dropLast(2) + Array("more\r\n0\r\n\r\n".utf8)
        },
        body("a strange trailer") {
            text($0, chunked) + chunk($0.body) + Array("0\r\nbad trailer\r\n\r\n".utf8)
        },
    ]

    private static let besideAnswers = [
        beside("another answer behind a length") {
            text($0, "Content-Length: \($0.body.count)\r\n") + $0.body + Array(poisoned.utf8)
        },
        beside("another answer behind chunks") {
            text($0, chunked) + chunk($0.body) + Array(("0\r\n\r\n" + poisoned).utf8)
        },
        beside("garbage behind a length") {
            text($0, "Content-Length: \($0.body.count)\r\n") + $0.body + [0, 1, 2]
        },
    ]

    private static func raw(_ name: String, _ text: String) -> Villainy {
        Villainy(name: name, outcome: .refused, isLast: true) { _ in Array(text.utf8) }
    }

    private static func head(_ name: String, _ lines: String) -> Villainy {
        Villainy(name: name, outcome: .refused, isLast: true) {
            text($0, lines) + Array("hello".utf8)
        }
    }

    private static func body(
        _ name: String, _ words: @escaping @Sendable (Scene) -> [UInt8]
    ) -> Villainy {
        Villainy(name: name, outcome: .broken, isLast: true, words: words)
    }

    private static func beside(
        _ name: String, _ words: @escaping @Sendable (Scene) -> [UInt8]
    ) -> Villainy {
        Villainy(name: name, outcome: .whole, words: words)
    }

    private static func text(_ scene: Scene, _ lines: String) -> [UInt8] {
        let own = "Content-Type: \(scene.type)\r\nX-Attempt: \(scene.name)\r\n"
        return Array("HTTP/1.1 200 OK\r\n\(own)\(lines)\r\n".utf8)
    }

    private static func chunk(_ body: [UInt8]) -> [UInt8] {
        guard !body.isEmpty else { return [] }
        return Array("\(String(body.count, radix: 16))\r\n".utf8) + body + [13, 10]
    }
}
