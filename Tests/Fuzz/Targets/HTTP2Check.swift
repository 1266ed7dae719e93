import HTTP

/// The bytes of an HTTP/2 session. A server's input follows the client's preface.
enum HTTP2Check {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    static func run(_ input: [UInt8], role: Role) throws(Violation) {
        let session = role == .server ? preface + input : input
        try compare(upToGoAway(session, from: role == .server ? preface.count : 0), role)
        for limits in [CodecLimits(), .narrow] {
            let live = try HTTP2Driver(role, limits: limits, isAnswering: true)
            try drive(live, .seeded(session))
            try live.receiveEndOfFile()
        }
    }

    /// The same bytes mean the same however they are cut.
    private static func compare(_ session: [UInt8], _ role: Role) throws(Violation) {
        let whole = try HTTP2Driver(role, isAnswering: false)
        let cut = try HTTP2Driver(role, isAnswering: false)
        try drive(whole, .whole(session))
        try drive(cut, .seeded(session))
        try require(
            whole.transcript == cut.transcript,
            "whole: \(whole.transcript.text)\nin pieces: \(cut.transcript.text)")
    }

    /// The session up to its first GOAWAY: behind it libnghttp2 reads on to the end of the piece,
    /// and nothing of the next one if no stream is open.
    private static func upToGoAway(_ session: [UInt8], from start: Int) -> [UInt8] {
        var place = start
        while place + 9 <= session.count {
            let length = session[place..<place + 3].reduce(0) { $0 << 8 | Int($1) }
            let isGoAway = session[place + 3] == 7
            place += 9 + length
            if isGoAway { return Array(session.prefix(place)) }
        }
        return session
    }

    private static func drive(_ driver: HTTP2Driver, _ cuts: Cuts) throws(Violation) {
        if driver.codec.role == .client {
            try driver.open(.get, isEnd: true)
            try driver.open(.post, isEnd: false)
            try driver.open(.head, isEnd: true)
            try driver.write()
        }
        try driver.receive(cuts)
        try driver.write()
    }
}
