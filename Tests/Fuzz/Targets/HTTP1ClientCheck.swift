import HTTP

/// Responses over HTTP/1.1.
enum HTTP1ClientCheck {
    static func run(_ input: [UInt8]) throws(Violation) {
        for method in [HTTP.Method.get, .head] {
            let whole = try drive(.whole(input), CodecLimits(), method)
            let cut = try drive(.seeded(input), CodecLimits(), method)
            try HTTP1ServerCheck.compare(whole, cut)
            let narrow = try drive(.whole(input), .narrow, method)
            try HTTP1ServerCheck.compare(narrow, try drive(.bytewise(input), .narrow, method))
            try whole.receiveEndOfFile()
            if whole.first.isComplete { try relay(whole.first, method) }
        }
    }

    private static func drive(
        _ cuts: Cuts, _ limits: CodecLimits, _ method: HTTP.Method
    ) throws(Violation) -> HTTP1Driver {
        let driver = HTTP1Driver(.client, limits: limits)
        try driver.open(method)
        try driver.receive(cuts)
        return driver
    }

    /// What is accepted and written for a client means the same there.
    private static func relay(_ response: Message, _ method: HTTP.Method) throws(Violation) {
        guard let head = response.head else { return }
        head.isHTTP10 = false
        let front = HTTP1Driver(.server)
        try front.receive(.whole(Array("\(method.text) / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)))
        try front.send(response)
        let next = HTTP1Driver(.client)
        try next.open(method)
        try next.receive(.whole(front.output))
        try require(
            next.first.isComplete && next.first.meaning == response.meaning
                && next.codec.availableStreams == 1,
            "\(response.meaning.text) became \(next.first.meaning.text)")
    }
}
