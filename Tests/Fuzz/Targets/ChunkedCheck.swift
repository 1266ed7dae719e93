import HTTP

/// The chunked transfer coding, against a decoder that sees the whole body at once.
enum ChunkedCheck {
    private static let head = Array(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)

    /// From here on the codec's bound on framing beside data may end a body.
    private static let mostBytes = 8_192

    static func run(_ input: [UInt8]) throws(Violation) {
        guard input.count <= mostBytes else { return }
        let expected = ChunkedReference.decode(input)
        for cuts in [Cuts.whole(input), .seeded(input)] {
            let driver = HTTP1Driver(.server)
            try driver.receive(.whole(head))
            try driver.receive(cuts)
            let found = driver.first
            try require(
                found.body == expected.data,
                "\(found.body.count) bytes of data, not \(expected.data.count)")
            if expected.isBroken {
                try require(driver.isRefused, "a broken body is accepted")
            } else if expected.endOfChunks == nil {
                try require(!found.isComplete && !driver.isRefused, "an unfinished body has an end")
            }
        }
    }
}
