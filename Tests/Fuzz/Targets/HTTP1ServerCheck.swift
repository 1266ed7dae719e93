import HTTP

/// Requests over HTTP/1.1.
enum HTTP1ServerCheck {
    static func run(_ input: [UInt8]) throws(Violation) {
        let whole = try drive(.whole(input), CodecLimits(), .atEnd)
        try compare(whole, try drive(.seeded(input), CodecLimits(), .atEnd))
        try compare(
            try drive(.whole(input), .narrow, .atEnd), try drive(.bytewise(input), .narrow, .atEnd))
        for driver in [whole, try drive(.seeded(input), .narrow, .atHead)] {
            try driver.receiveEndOfFile()
        }
        if whole.first.isComplete { try relay(whole.first) }
    }

    private static func drive(
        _ cuts: Cuts, _ limits: CodecLimits, _ answering: HTTP1Driver.Answering
    ) throws(Violation) -> HTTP1Driver {
        let driver = HTTP1Driver(.server, limits: limits, answering: answering)
        try driver.receive(cuts)
        return driver
    }

    /// What is accepted and written for an upstream means the same there.
    private static func relay(_ request: Message) throws(Violation) {
        guard let head = request.head else { return }
        // As the gateway forwards it: with a host, in HTTP/1.1.
        if head.authority.isEmpty { head.authority.append("added") }
        head.isHTTP10 = false
        let back = HTTP1Driver(.client)
        try back.send(request)
        let next = HTTP1Driver(.server)
        try next.receive(.whole(back.output))
        try require(
            next.first.isComplete && next.first.meaning == request.meaning && next.heldCount == 0
                && !next.codec.isFinished,
            "\(request.meaning.text) became \(next.first.meaning.text)")
    }
}

extension HTTP1ServerCheck {
    /// The same bytes mean the same however they are cut.
    static func compare(_ a: HTTP1Driver, _ b: HTTP1Driver) throws(Violation) {
        try require(
            a.transcript == b.transcript,
            "whole: \(a.transcript.text)\nin pieces: \(b.transcript.text)")
        try require(a.output == b.output, "another answer in pieces")
        try require(
            a.heldCount == b.heldCount && a.codec.isFinished == b.codec.isFinished
                && a.codec.hasUnfinishedHead == b.codec.hasUnfinishedHead,
            "another end in pieces: \(a.heldCount) and \(b.heldCount) bytes are left")
    }
}
