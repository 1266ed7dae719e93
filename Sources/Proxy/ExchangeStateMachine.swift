import Upstream

/// Decides what one exchange does next. It holds no socket and no buffer.
///
///     waiting ──leased──▶ forwarding ──head──▶ relaying ──end──▶ answered ──closed──▶ done
///        ▲                     │                  │                 ▲
///        ├───── retried ───────┤                  │                 │
///        └── failed: reply ────┴──────────────────┼─────────────────┤
///                                                 └─ failed: break ─┴──▶ done
///
/// The rule it exists for: a failure becomes a reply only while no response head has been sent;
/// afterwards the one honest answer is to break the stream. And whoever leaves gives the lease
/// back.
struct ExchangeStateMachine: ~Copyable {
    private enum State: ~Copyable {
        /// The request is collected, or waits for a stream.
        case waiting
        /// The request is on its way; no response head has come.
        case forwarding(Lease)
        /// The response head went to the client.
        case relaying(Lease)
        /// The whole answer is with the client's codec; no upstream is involved any more.
        case answered
        case done
    }

    enum OnLeased: ~Copyable {
        case forward
        /// The client left meanwhile.
        case giveBack(Lease)
    }

    enum OnHead {
        case relay
        case ignore
    }

    enum OnResponseEnd: ~Copyable {
        case giveBack(Lease)
        case nothing
    }

    /// The exchange answers by itself, or cannot be completed.
    enum OnFailure: ~Copyable {
        case reply
        case replyAndAbandon(Lease)
        case breakStream(Lease)
        case nothing
    }

    /// The request is to be asked again, here or elsewhere.
    enum OnRetry: ~Copyable {
        /// It holds no stream.
        case queue
        case giveBack(Lease)
        /// It is too late.
        case nothing
    }

    enum OnClientGone: ~Copyable {
        case leaveQueue
        case abandon(Lease)
        case nothing
    }

    private var state: State

    init() { state = .waiting }

    private init(_ state: consuming State) { self.state = state }

    mutating func leased(_ lease: consuming Lease) -> OnLeased {
        switch consume self.state {
        case .waiting:
            self = Self(.forwarding(lease))
            return .forward
        case .forwarding(let held):
            self = Self(.forwarding(held))
            return .giveBack(lease)
        case .relaying(let held):
            self = Self(.relaying(held))
            return .giveBack(lease)
        case .answered:
            self = Self(.answered)
            return .giveBack(lease)
        case .done:
            self = Self(.done)
            return .giveBack(lease)
        }
    }

    mutating func receivedHead() -> OnHead {
        switch consume self.state {
        case .forwarding(let lease):
            self = Self(.relaying(lease))
            return .relay
        case .relaying(let lease):
            self = Self(.relaying(lease))
            return .ignore
        case .waiting:
            self = Self(.waiting)
            return .ignore
        case .answered:
            self = Self(.answered)
            return .ignore
        case .done:
            self = Self(.done)
            return .ignore
        }
    }

    mutating func receivedEnd() -> OnResponseEnd {
        switch consume self.state {
        case .relaying(let lease):
            self = Self(.answered)
            return .giveBack(lease)
        case .forwarding(let lease):
            self = Self(.forwarding(lease))
            return .nothing
        case .waiting:
            self = Self(.waiting)
            return .nothing
        case .answered:
            self = Self(.answered)
            return .nothing
        case .done:
            self = Self(.done)
            return .nothing
        }
    }

    mutating func failed() -> OnFailure {
        switch consume self.state {
        case .waiting:
            self = Self(.answered)
            return .reply
        case .forwarding(let lease):
            self = Self(.answered)
            return .replyAndAbandon(lease)
        case .relaying(let lease):
            self = Self(.answered)
            return .breakStream(lease)
        case .answered:
            self = Self(.answered)
            return .nothing
        case .done:
            self = Self(.done)
            return .nothing
        }
    }

    mutating func retried() -> OnRetry {
        switch consume self.state {
        case .forwarding(let lease):
            self = Self(.waiting)
            return .giveBack(lease)
        case .waiting:
            self = Self(.waiting)
            return .queue
        case .relaying(let lease):
            self = Self(.relaying(lease))
            return .nothing
        case .answered:
            self = Self(.answered)
            return .nothing
        case .done:
            self = Self(.done)
            return .nothing
        }
    }

    /// The client's stream is over, by its wish or because everything has been sent.
    mutating func closed() -> OnClientGone {
        switch consume self.state {
        case .waiting:
            self = Self(.done)
            return .leaveQueue
        case .forwarding(let lease):
            self = Self(.done)
            return .abandon(lease)
        case .relaying(let lease):
            self = Self(.done)
            return .abandon(lease)
        case .answered:
            self = Self(.done)
            return .nothing
        case .done:
            self = Self(.done)
            return .nothing
        }
    }

    var isAnswered: Bool {
        switch state {
        case .answered: true
        case .done: true
        case .waiting: false
        case .forwarding: false
        case .relaying: false
        }
    }
}
