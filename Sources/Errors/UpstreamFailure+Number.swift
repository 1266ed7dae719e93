extension UpstreamFailure {
    /// One value of every kind, in the order of `number`.
    public static let kinds: [UpstreamFailure] = [
        .unreachable, .tlsFailed, .timedOut(.connect), .timedOut(.handshake),
        .timedOut(.firstByte), .timedOut(.idle), .reset, .malformedReply, .replyTooLarge,
        .serverError(status: 500), .upgradeRefused,
    ]

    /// The place of the kind in tables: dense from 0, for counters.
    public var number: Int {
        switch self {
        case .unreachable: 0
        case .tlsFailed: 1
        case .timedOut(.connect): 2
        case .timedOut(.handshake): 3
        case .timedOut(.firstByte): 4
        case .timedOut(.idle): 5
        case .reset: 6
        case .malformedReply: 7
        case .replyTooLarge: 8
        case .serverError: 9
        case .upgradeRefused: 10
        }
    }
}
