import HTTP

/// One request as the simulation knows it from all sides: what was asked, what reached an upstream,
/// what the client got, what the log says.
final class Request {
    enum Route: CaseIterable { case health, unknown, chat, upload, fetch, listing }
    enum Key: String, CaseIterable {
        case good, limited, bound, suspended, revoked, expired, unknown, missing
    }
    enum Outcome { case open, complete, broken }

    let number: Int
    let route: Route
    let key: Key
    let method: Method
    /// nil: without a body.
    let body: [UInt8]?
    let declaresLength: Bool
    let isValidJSON: Bool
    let namesForbiddenModel: Bool
    /// An attacker's: it stands for all that the attack sends upstream.
    var attack: Attack?
    /// Sent when the schedule is over, to a gateway that must serve it.
    var isProbe = false
    /// What was in force when it was sent, and when it went on.
    var firstRegime = 0
    var lastRegime: Int?
    /// Every try to have it served.
    var attempts: [Attempt] = []

    // What the client got.
    var status = 0
    /// Whose answer the client gets; nil: the gateway's own.
    var source: Attempt?
    var received = 0
    /// What came behind the bytes of the upstream.
    var extra: [UInt8] = []
    var outcome = Outcome.open
    /// The client has no interest in it any more.
    var isCancelled = false
    /// The gateway said that it did nothing for it.
    var isUnprocessed = false
    /// Garbage stands beside it on its connection.
    var isSpoiled = false
    /// Whether the client's whole request was handed to its codec.
    var sent = 0
    /// A drain began before an upstream saw it.
    var mayBeTurnedAway = false

    // What the log says.
    var log: LogLine?

    init(
        _ number: Int, _ route: Route, _ key: Key, _ method: Method, body: [UInt8]?,
        declaresLength: Bool, isValidJSON: Bool = true, namesForbiddenModel: Bool = false
    ) {
        self.number = number
        self.route = route
        self.key = key
        self.method = method
        self.body = body
        self.declaresLength = declaresLength
        self.isValidJSON = isValidJSON
        self.namesForbiddenModel = namesForbiddenModel
    }

    var target: String {
        switch route {
        case .health: "/health"
        case .unknown: "/v1/nowhere/\(number)"
        case .chat: "/v1/chat/completions?\(number)"
        case .upload, .fetch: "/v1/files/\(number)"
        case .listing: "/v1/models/\(number)"
        }
    }

    /// The number at the end of a target.
    static func number(in target: String) -> Int? {
        target.split { "/?".contains($0) }.last.flatMap { Int($0) }
    }
}
