import HTTP

/// One request at one upstream, and the answer it gives.
final class Attempt {
    enum Moment: CaseIterable { case atHead, atEnd, later }
    /// What goes wrong with the answer on its way.
    enum Fate { case whole, reset, breaksOff }

    let request: Request
    let ordinal: Int
    let moment: Moment
    let status: Int
    var body: [UInt8]
    let declaresLength: Bool
    let isEventStream: Bool
    let fate: Fate
    var received = 0
    var hasRequestEnded = false
    var hasAnswered = false
    /// Bytes of the answer handed to the upstream's codec.
    var sent = 0
    var hasSentEnd = false
    /// The upstream said that it did nothing.
    var isRefused = false
    /// The stream is over for the upstream, by whomever.
    var isOver = false
    /// Garbage stands beside it on its connection.
    var isSpoiled = false
    /// The upstream broke it off.
    var isBroken = false
    /// What its upstream said in place of an answer.
    var villainy: Villainy?
    /// Its connection was harmed.
    var isHarmed = false
    /// Whatever became of it was the upstream's doing.
    var isUpstreamsFault: Bool { isRefused || isBroken || isHarmed || isFailure }
    private var isFailure: Bool { hasAnswered && status >= 500 }

    init(
        _ request: Request, moment: Moment, status: Int, body: [UInt8], declaresLength: Bool,
        isEventStream: Bool, fate: Fate
    ) {
        self.request = request
        ordinal = request.attempts.count
        self.moment = moment
        self.status = status
        self.body = body
        self.declaresLength = declaresLength
        self.isEventStream = isEventStream
        self.fate = fate
    }

    /// What the answer says of itself.
    var name: String { "\(request.number).\(ordinal)" }
}
