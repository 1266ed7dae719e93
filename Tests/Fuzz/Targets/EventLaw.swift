import HTTP

/// The order in which a codec may say things (see `CodecEvent`).
struct EventLaw {
    private enum Stage { case opened, head, ended, refused, over }

    private let role: Role
    private var stages: [Int32: Stage] = [:]
    private var hasFailed = false

    init(role: Role) { self.role = role }

    /// The client role has opened `stream`.
    mutating func opened(_ stream: StreamID) { stages[stream.rawValue] = .opened }

    /// The driver has reset `stream`, of which it may hear no more.
    mutating func wasReset(_ stream: StreamID) { stages[stream.rawValue] = .over }

    /// `available`: how many bytes of the last `receive` may be named.
    mutating func admit(_ event: CodecEvent, available: Int) throws(Violation) {
        try require(!hasFailed, "an event behind the failure: \(event)")
        switch event {
        case .head(let id, _, let isEnd):
            let before: Stage? = role == .server ? nil : .opened
            try move(id, from: { $0 == before }, to: isEnd ? .ended : .head, event)
        case .interim(let id, _):
            try require(role == .client, "a server hears an interim response")
            try move(id, from: { $0 == .opened }, to: .opened, event)
        case .body(let id, let range):
            try require(
                !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= available,
                "body \(range) of \(available) bytes")
            try move(id, from: { $0 == .head }, to: .head, event)
        case .end(let id, _): try move(id, from: { $0 == .head }, to: .ended, event)
        case .refused(let id, _):
            try require(role == .server, "a client is asked to refuse")
            try move(id, from: { $0 == nil || $0 == .head }, to: .refused, event)
        case .closed(let id), .reset(let id, _, _):
            try move(id, from: { $0 != nil && $0 != .over }, to: .over, event)
        case .drained(let id):
            let stage = stages[id.rawValue]
            try require(stage != nil && stage != .over, "\(event) in stage \(stage as Any)")
        case .goingAway: try require(role == .client, "a server is told to go away")
        case .failed: hasFailed = true
        }
    }

    private mutating func move(
        _ id: StreamID, from isAllowed: (Stage?) -> Bool, to next: Stage, _ event: CodecEvent
    ) throws(Violation) {
        let stage = stages[id.rawValue]
        try require(isAllowed(stage), "\(event) in stage \(stage as Any)")
        stages[id.rawValue] = next
    }
}
