import Chance

/// Requests over HTTP/1.1 of which two readers make two things, that drip, or that never end.
extension Attack {
    /// A request that nobody may ever read as one.
    private static let smuggled =
        "GET /v1/files/smuggled HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer sk-good\r\n\r\n"

    private static let host = "Host: gateway\r\n"
    private static let chunked = "Transfer-Encoding: chunked\r\n"
    private static let tail = "\r\n0\r\n\r\n"
    private static let hello = "\r\nhello"

    static let ambiguousHeads =
        ambiguousLengths + ambiguousCodings + strangeLines + strangeFields

    private static let ambiguousLengths = [
        upload("a length and chunks", "Content-Length: 5\r\n" + chunked + tail),
        upload("chunks and a length", chunked + "Content-Length: 5\r\n" + tail),
        upload("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n" + hello),
        upload("a list of lengths", "Content-Length: 5, 6\r\n" + hello),
        upload("a length with a sign", "Content-Length: +5\r\n" + hello),
        upload("a length in hex", "Content-Length: 0x5\r\n" + hello),
        upload("a length with a blank", "Content-Length: 5 5\r\n" + hello),
        upload("a length beyond 2^64", "Content-Length: 18446744073709551617\r\n" + hello),
        upload("an empty length", "Content-Length:\r\n" + hello),
        upload("a negative length", "Content-Length: -1\r\n" + hello),
        upload("a blank before the colon", "Content-Length : 5\r\n" + hello),
    ]

    private static let ambiguousCodings =
        [
            "gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "\"chunked\"", "xchunked",
            "identity", "\u{0b}chunked",
        ].map { upload("the coding \($0)", "Transfer-Encoding: \($0)\r\n" + tail) } + [
            upload("two codings", chunked + chunked + tail),
            upload("a folded coding", "Transfer-Encoding:\r\n chunked\r\n" + tail),
            upload("a folded field", "X-A: b\r\n folded\r\n\r\n"),
        ]

    private static let strangeLines = [
        head("a bare LF", "GET /health HTTP/1.1\nHost: gateway\n\n"),
        head("two blanks", "GET  /health HTTP/1.1\r\n" + host + "\r\n"),
        head("tabs for blanks", "GET\t/health\tHTTP/1.1\r\n" + host + "\r\n"),
        head("a strange method", "G(T /health HTTP/1.1\r\n" + host + "\r\n"),
        head("a strange version", "GET /health HTTP/1.01\r\n" + host + "\r\n"),
        head("a version in small letters", "GET /health http/1.1\r\n" + host + "\r\n"),
        head("version 2.0", "GET /health HTTP/2.0\r\n" + host + "\r\n"),
        head("version 0.9", "GET /health\r\n\r\n"),
        head("a relative target", "GET health HTTP/1.1\r\n" + host + "\r\n"),
        head("a fragment", "GET /health#x HTTP/1.1\r\n" + host + "\r\n"),
        head("a NUL in the target", "GET /hea\0lth HTTP/1.1\r\n" + host + "\r\n"),
        head("another authority", "GET http://other/health HTTP/1.1\r\n" + host + "\r\n"),
        head("a record of TLS", "\u{16}\u{03}\u{01}\u{02}\0\u{01}\0\r\n\r\n"),
    ]

    private static let strangeFields = [
        field("a bare LF in the head", "Host: gateway\nX-A: b\r\n"),
        field("a bare CR in the head", "Host: gateway\rX-A: b\r\n"),
        field("a NUL in a value", host + "X-A: a\0b\r\n"),
        field("a blank before a field", " Host: gateway\r\n"),
        field("no host", ""),
        field("two hosts", host + host),
        field("a strange host", "Host: a b\r\n"),
        field("a host with a user", "Host: user@gateway\r\n"),
        field("an empty name", host + ": x\r\n"),
        field("a strange name", host + "X(A): x\r\n"),
        field("no colon", host + "nonsense\r\n"),
        field("a control character", host + "X: a\u{07}b\r\n"),
    ]

    static let brokenChunks = [
        ("a size of junk", "zz\r\nhello\r\n0\r\n\r\n"),
        ("an empty size", "\r\nhello\r\n0\r\n\r\n"),
        ("a size with a prefix", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("a size with a sign", "+5\r\nhello\r\n0\r\n\r\n"),
        ("a negative size", "-5\r\nhello\r\n0\r\n\r\n"),
        ("a blank before a size", " 5\r\nhello\r\n0\r\n\r\n"),
        ("a size beyond 2^64", "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"),
        ("a size beyond 2^63", "8000000000000000\r\nhello\r\n0\r\n\r\n"),
        ("chunks with bare LF", "5\nhello\n0\n\n"),
        ("a size with a bare LF", "5\nhello\r\n0\r\n\r\n"),
        ("a size with a bare CR", "5\rhello\r\n0\r\n\r\n"),
        ("a chunk without an end", "5\r\nhelloX\r\n0\r\n\r\n"),
        ("a chunk beyond its size", "5\r\nhello world\r\n0\r\n\r\n"),
        ("a bare LF in an extension", "5;a\n\r\nhello\r\n0\r\n\r\n"),
        ("a long extension", "5;\(String(repeating: "a", count: 5_000))\r\nhello\r\n0\r\n\r\n"),
        ("a strange trailer", "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n"),
    ].map { name, body in
        Attack(name: name, isHTTP2: false, reach: .part, answers: 1) { aim in
            Array((aim.upload(lines: chunked) + body + smuggled).utf8)
        }
    }

    private static func upload(_ name: String, _ rest: String) -> Attack {
        refused(name) { "POST \($0.path) HTTP/1.1\r\n" + host + $0.identity + rest }
    }

    private static func head(_ name: String, _ text: String) -> Attack {
        refused(name) { _ in text }
    }

    private static func field(_ name: String, _ lines: String) -> Attack {
        head(name, "GET /health HTTP/1.1\r\n" + lines + "\r\n")
    }

    private static func refused(
        _ name: String, _ text: @escaping @Sendable (Aim) -> String
    ) -> Attack {
        Attack(name: name, isHTTP2: false, answers: 1, isRefused: true) {
            Array((text($0) + smuggled).utf8)
        }
    }
}
