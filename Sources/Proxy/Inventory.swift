import HTTP
import HTTP2
import Kernel

/// What a worker holds at one moment, counted piece by piece: for whoever checks that it adds up.
package struct Inventory {
    /// What one exchange holds.
    package struct Share {
        package let requestID: String
        package let isQueued: Bool
        package let isLeased: Bool
        package let isRetry: Bool
        package let isRequestEnded: Bool
        package let reservedBytes: Int
        /// Received and not credited: of the request, of the response.
        package let owedToClient: Int
        package let owedToUpstream: Int
        /// With the codecs, not written: of the request (`nil`: a collected one), of the response.
        package let unsentToUpstream: Int?
        package let unsentToClient: Int
    }

    /// A codec's count of uncredited bytes, and the exchanges' counts for the same connection.
    package struct Account {
        package let owner: Token
        package let codec: Int
        package let exchanges: Int
        /// By how much the codec's count may be higher.
        package let slack: Int

        init(_ owner: Token, _ codec: any Codec, exchanges: Int, window: Int) {
            self.owner = owner
            let multiplexed = codec as? HTTP2Codec
            self.codec = multiplexed?.unreturnedBytes ?? codec.uncreditedBytes
            self.exchanges = exchanges
            slack = multiplexed == nil ? 0 : window / 2
        }
    }

    /// What one HTTP/2 client makes the gateway hold.
    package struct Burden {
        package let streams: Int
        /// Decoded bytes of the heads of its open streams.
        package let headBytes: Int
        /// Frames that wait to be written.
        package let queuedFrames: Int

        init(_ codec: HTTP2Codec) {
            streams = codec.openStreams
            headBytes = codec.heldHeadBytes
            queuedFrames = codec.queuedFrames
        }
    }

    package var sessions = 0
    package var connections = 0
    package var shares: [Share] = []
    /// As the pools count them, in the order of the upstreams.
    package var active = 0
    package var waiting = 0
    package var retries = 0
    /// Leases held by connections that read the rest of an unwanted answer.
    package var unwanted = 0
    /// One for each connection whose protocol is known.
    package var accounts: [Account] = []
    /// One for each client that speaks HTTP/2.
    package var burdens: [Burden] = []
    /// Lent to libnghttp2, for all connections together.
    package var codecMemory = 0
    /// The most bytes one connection holds outside of its codec.
    package var largestChannel = 0
    /// Something is left to be done although nobody is ready.
    package var nextDue: Instant?
    /// How long ago the oldest deadline of a session has passed, in nanoseconds.
    package var lateness: UInt64 = 0
}

extension Core {
    package var inventory: Inventory {
        var found = Inventory()
        let exchanges = exchanges.all
        found.shares = exchanges.map(share)
        for session in sessions.all {
            found.sessions += 1
            found.largestChannel = max(found.largestChannel, session.channel?.heldBytes ?? 0)
            found.lateness = max(found.lateness, now.monotonic.since(session.nextDeadline))
            guard let codec = session.codec else { continue }
            if let codec = codec as? HTTP2Codec { found.burdens.append(.init(codec)) }
            let own = exchanges.filter { $0.session === session }
            let owed = own.reduce(0) { $0 + $1.uncreditedIn }
            let window = snapshot.clientCodecLimits.connectionWindowBytes
            found.accounts.append(.init(session.token, codec, exchanges: owed, window: window))
        }
        for connection in connections.all {
            found.connections += 1
            found.largestChannel = max(found.largestChannel, connection.channel?.heldBytes ?? 0)
            if connection.holdsUnwanted { found.unwanted += 1 }
            guard let codec = connection.codec else { continue }
            let own = exchanges.filter { $0.connection === connection }
            let owed = own.reduce(0) { $0 + $1.uncreditedOut }
            let window = snapshot.upstreamCodecLimits.connectionWindowBytes
            found.accounts.append(.init(connection.token, codec, exchanges: owed, window: window))
        }
        for pool in pools {
            found.active += pool.counts.active
            found.waiting += pool.counts.waiting
            found.retries += pool.retries
        }
        found.codecMemory = memory.lentBytes
        found.nextDue = nextDue
        return found
    }

    private func share(of exchange: Exchange) -> Inventory.Share {
        let unsent = exchange.connection?.codec?.pendingBytes(of: exchange.upstreamStream) ?? 0
        let waiting = exchange.collected.count - exchange.collectedSent
        return Inventory.Share(
            requestID: exchange.requestID.text, isQueued: exchange.isQueued,
            isLeased: exchange.connection != nil, isRetry: exchange.isRetry,
            isRequestEnded: exchange.isRequestEnded,
            reservedBytes: exchange.reserved, owedToClient: exchange.uncreditedIn,
            owedToUpstream: exchange.uncreditedOut,
            unsentToUpstream: exchange.route?.body == .json ? nil : unsent + waiting,
            unsentToClient: exchange.session.codec?.pendingBytes(of: exchange.stream) ?? 0)
    }
}
