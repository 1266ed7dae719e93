import Kernel

/// The one thread: accepts, reads, answers.
final class AnswerLoop {
    private static let listenerToken = UInt64.max
    private static let readBytes = 16_384
    private static let sinkBytes = 262_144

    private let listener: Socket
    private let poller: Poller
    private let answers = PreparedAnswers()
    /// By slot; a token is slot and generation, so an event for a slot's former owner falls away.
    private var connections: [Connection?] = []
    private var freeSlots: [Int] = []
    private var generation: UInt64 = 0
    private var deadlines = DeadlineHeap()
    /// Connections that had more to read when their turn was over.
    private var unread: [UInt64] = []
    private var isPaused = false

    init(on address: SocketAddress) throws(SystemFault) {
        listener = try Socket.listen(on: address)
        poller = try Poller()
        try poller.watchLevel(listener.descriptor, token: Self.listenerToken)
    }

    var localAddress: SocketAddress? { listener.localAddress }
    private var openCount: Int { connections.count - freeSlots.count }

    /// Waits for something to do, `limit` milliseconds at most (-1: for ever), and does it.
    func turn(waitingAtMost limit: Int32 = -1) throws(SystemFault) {
        let patience = patience()
        let wait = limit < 0 ? patience : patience < 0 ? limit : min(limit, patience)
        let count = poller.wait(milliseconds: wait)
        for index in 0..<count {
            let (token, readiness) = poller.event(index)
            if token == Self.listenerToken {
                try accept()
            } else if let connection = connection(token) {
                serve(connection, readsToEnd: readiness.isClosing)
            }
        }
        if count < 512, !unread.isEmpty {
            let again = unread
            unread.removeAll(keepingCapacity: true)
            for token in again {
                if let connection = connection(token) { serve(connection, readsToEnd: true) }
            }
        }
        pace()
    }

    private func patience() -> Int32 {
        if !unread.isEmpty { return 0 }
        guard let first = deadlines.first else { return -1 }
        let wait = first.due.since(Moment.now().monotonic)
        return Int32(truncatingIfNeeded: min((wait + 999_999) / 1_000_000, 60_000))
    }

    private func connection(_ token: UInt64) -> Connection? {
        let slot = Int(token & 0xffff_ffff)
        guard slot < connections.count, let found = connections[slot] else { return nil }
        return found.token == token ? found : nil
    }

    private func accept() throws(SystemFault) {
        for _ in 0..<64 {
            do {
                guard let accepted = try listener.accept() else { return }
                try adopt(accepted.take())
            } catch {
                // Out of descriptors: a listener that stays ready would be reported for ever.
                guard error.isOutOfDescriptors, openCount > 0 else { throw error }
                poller.ignore(listener.descriptor)
                isPaused = true
                return
            }
        }
    }

    private func adopt(_ socket: consuming Socket) throws(SystemFault) {
        let slot = freeSlots.popLast() ?? connections.count
        if slot == connections.count { connections.append(nil) }
        generation &+= 1
        let token = (generation & 0x7fff_ffff) << 32 | UInt64(slot)
        let connection = Connection(socket, token: token)
        connections[slot] = connection
        try poller.watch(connection.socket.descriptor, token: token)
    }

    private func close(_ connection: Connection) {
        let slot = Int(connection.token & 0xffff_ffff)
        connections[slot] = nil
        freeSlots.append(slot)
        if isPaused {
            isPaused =
                (try? poller.watchLevel(listener.descriptor, token: Self.listenerToken)) == nil
        }
    }

    /// Reads and answers until the socket is empty, blocked, or has had its share of the turn.
    private func serve(_ connection: Connection, readsToEnd: Bool) {
        var size = Self.readBytes
        var rounds = 0
        reading: while proceed(connection), !connection.isLast {
            if rounds == 16 {
                unread.append(connection.token)
                break
            }
            rounds += 1
            switch connection.socket.read(into: &connection.input, atMost: size) {
            case .bytes(let count):
                if count == size {
                    size = Self.sinkBytes
                } else if !readsToEnd {
                    _ = proceed(connection)
                    break reading
                }
            case .wouldBlock: break reading
            // A client that has ended its side waits for no answer of this tool.
            case .endOfFile, .failed: connection.isBroken = true
            }
        }
        if connection.isOver { close(connection) }
    }

    /// Sends what is owed and answers the requests at hand. Returns whether more may be read.
    private func proceed(_ connection: Connection) -> Bool {
        guard connection.flush() else { return false }
        while deliverBlob(connection), !connection.isBroken {
            if connection.isDelivering || connection.isLast || connection.input.isEmpty {
                return connection.flush() && !connection.isDelivering && !connection.isBroken
            }
            if connection.output.count > Connection.outputBound, !connection.flush() {
                return false
            }
            let (consumed, outcome) = connection.reader.read(connection.input.bytes)
            connection.input.consume(consumed)
            switch outcome {
            case .needsMore: return connection.flush() && !connection.isBroken
            case .expectsContinue: connection.send(answers.interim, count: answers.interim.count)
            case .complete(let request): answer(request, on: connection)
            case .malformed:
                connection.isLast = true
                connection.append(answers.refusal, count: answers.refusal.count)
            }
        }
        return false
    }

    private func answer(_ request: RequestReader.Request, on connection: Connection) {
        connection.isLast = request.isLast
        switch request.demand {
        case .completion:
            let all = answers.completion.count
            let body = request.isHead ? PreparedAnswers.completionBytes : 0
            connection.send(answers.completion, count: all - body)
        case .sink:
            var body = ByteBuffer()
            body.append("{\"bytes\":")
            body.append(decimal: request.bodyBytes)
            body.append("}")
            PreparedAnswers.appendHead(
                &connection.output, type: "application/json", length: body.count)
            if !request.isHead { connection.output.append(body.bytes) }
        case .blob(let bytes):
            PreparedAnswers.appendHead(
                &connection.output, type: "application/octet-stream", length: bytes)
            if !request.isHead, bytes > 0 { connection.delivery = .blob(left: bytes) }
        case .events(let chunks, let delay):
            connection.append(answers.eventHead, count: answers.eventHead.count)
            if request.isHead { return }
            let due = Moment.now().monotonic
            connection.delivery = .events(left: chunks, delay: delay, due: due)
            advance(connection, at: due)
        }
    }

    /// Sends blocks of a blob as long as the socket takes them. Returns false while it does not.
    private func deliverBlob(_ connection: Connection) -> Bool {
        while case .blob(let left) = connection.delivery {
            guard connection.flush(), !connection.isBroken else { return false }
            let count = min(left, answers.blobBlock.count)
            connection.append(answers.blobBlock, count: count)
            connection.delivery = left > count ? .blob(left: left - count) : .none
        }
        return true
    }

    private func pace() {
        guard deadlines.first != nil else { return }
        let now = Moment.now().monotonic
        while let first = deadlines.first, first.due <= now {
            deadlines.removeFirst()
            guard let connection = connection(first.token) else { continue }
            advance(connection, at: now)
            if connection.isDelivering {
                _ = connection.flush()
                if connection.isOver { close(connection) }
            } else {
                serve(connection, readsToEnd: true)
            }
        }
    }

    /// Appends the events that are due; a client that does not read gets them later, not more
    /// memory.
    private func advance(_ connection: Connection, at now: Instant) {
        guard case .events(var left, let delay, var due) = connection.delivery else { return }
        while left > 0, due <= now, connection.output.count <= Connection.outputBound {
            connection.append(answers.event, count: answers.event.count)
            left -= 1
            due = due.advanced(milliseconds: delay)
        }
        if left == 0 {
            connection.append(answers.lastEvents, count: answers.lastEvents.count)
            connection.delivery = .none
            return
        }
        due = max(due, now.advanced(milliseconds: due <= now ? 1 : 0))
        connection.delivery = .events(left: left, delay: delay, due: due)
        deadlines.insert(.init(due: due, token: connection.token))
    }
}
