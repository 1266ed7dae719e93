import Chance
import HTTP
import HTTP2
import Kernel
import Testing

/// One side of a game: it sends messages on streams and checks that events obey the contract.
private final class Player {
    struct Side {
        var sent: [UInt8] = []
        var hasEnded = false
        /// This side has reset the stream itself.
        var hasReset = false
        /// What events have said so far.
        var hasHead = false
        var hasReceivedEnd = false
        var isOver = false
    }

    let endpoint: Endpoint
    let isServer: Bool
    var sides: [Int32: Side] = [:]
    var faults: [String] = []

    init(_ endpoint: Endpoint, isServer: Bool) {
        self.endpoint = endpoint
        self.isServer = isServer
        endpoint.givesCredit = false
        endpoint.onEvent = { [unowned self] _, event in check(event) }
    }

    /// Streams on which this side may still do something.
    var live: [Int32] {
        sides.filter { !$0.value.isOver && !$0.value.hasReset }.keys.sorted()
    }

    private func check(_ event: CodecEvent) {
        switch event {
        case .head(let id, _, let isEnd):
            mark(id, "head", { isServer ? true : !$0.hasHead }) {
                $0.hasHead = true
                $0.hasReceivedEnd = isEnd
            }
        case .body(let id, _): mark(id, "body", { $0.hasHead && !$0.hasReceivedEnd }) { _ in }
        case .end(let id, _):
            mark(id, "end", { $0.hasHead && !$0.hasReceivedEnd }) { $0.hasReceivedEnd = true }
        case .closed(let id):
            mark(id, "closed", { $0.hasEnded && ($0.hasReceivedEnd || isServer) }) {
                $0.isOver = true
            }
        case .reset(let id, _, _): mark(id, "reset", { _ in true }) { $0.isOver = true }
        case .drained(let id): mark(id, "drained", { !$0.sent.isEmpty }) { _ in }
        case .interim(let id, _): mark(id, "interim", { !$0.hasHead }) { _ in }
        case .refused, .goingAway, .failed: faults.append("\(event)")
        }
    }

    private func mark(
        _ id: StreamID, _ name: String, _ isAllowed: (Side) -> Bool, _ apply: (inout Side) -> Void
    ) {
        var side = sides[id.rawValue] ?? Side()
        if side.isOver || side.hasReset || !isAllowed(side) {
            faults.append("\(name) \(id.rawValue) out of order: \(side)")
        }
        apply(&side)
        sides[id.rawValue] = side
    }
}

@Suite("Random games between a client and a server codec")
struct GameTests {
    private struct Game {
        var random: SeededRandom
        let pipe: Pipe
        let client: Player
        let server: Player
        var responded: Set<Int32> = []

        init(seed: UInt64) {
            random = SeededRandom(seed: seed)
            var limits = CodecLimits()
            limits.concurrentStreams = 1 + random.below(30)
            limits.streamWindowBytes = 1_000 + random.below(100_000)
            limits.connectionWindowBytes = 65_535 + random.below(100_000)
            let memory = HTTP2Memory()
            pipe = Pipe(
                Endpoint(.client, limits: limits, memory: memory),
                Endpoint(.server, limits: limits, memory: memory), seed: seed)
            client = Player(pipe.client, isServer: false)
            server = Player(pipe.server, isServer: true)
            pipe.run()
        }

        mutating func step() {
            let player = random.below(2) == 0 ? client : server
            switch random.below(12) {
            case 0, 1: open()
            case 2, 3, 4, 5: send(player)
            case 6: end(player)
            case 7: respond()
            case 8: if random.below(12) == 0 { reset(player) }
            case 9: player.endpoint.payOwed()
            case 10: pipe.carry(from: pipe.client, to: pipe.server)
            default: pipe.carry(from: pipe.server, to: pipe.client)
            }
            pipe.client.now = pipe.client.now.advanced(milliseconds: 5)
            pipe.server.now = pipe.server.now.advanced(milliseconds: 5)
        }

        private mutating func open() {
            let isEnd = random.below(3) == 0
            guard let id = pipe.client.codec.open(makeRequest(), isEnd: isEnd) else { return }
            client.sides[id.rawValue] = Player.Side(hasEnded: isEnd)
        }

        private mutating func respond() {
            guard
                let id = server.live.filter({ !responded.contains($0) })
                    .randomElement(using: &random)
            else { return }
            responded.insert(id)
            let isEnd = random.below(4) == 0
            if random.below(3) == 0 { pipe.server.codec.sendInterim(103, on: StreamID(id)) }
            pipe.server.codec.respond(makeResponse(), on: StreamID(id), isEnd: isEnd)
            server.sides[id]?.hasEnded = isEnd
        }

        private mutating func choose(_ player: Player) -> Int32? {
            player.live.filter {
                player.sides[$0]?.hasEnded == false && (!player.isServer || responded.contains($0))
            }.randomElement(using: &random)
        }

        private mutating func send(_ player: Player) {
            guard let id = choose(player) else { return }
            let bytes = pattern(random.below(random.below(4) == 0 ? 60_000 : 300), salt: Int(id))
            player.sides[id]?.sent += bytes
            player.endpoint.codec.send(bytes.span, on: StreamID(id))
        }

        private mutating func end(_ player: Player) {
            guard let id = choose(player) else { return }
            player.sides[id]?.hasEnded = true
            let trailers = random.below(3) == 0 ? makeResponse(0, [("x-t", "1")]) : nil
            player.endpoint.codec.sendEnd(on: StreamID(id), trailers: trailers)
        }

        private mutating func reset(_ player: Player) {
            guard let id = player.live.randomElement(using: &random) else { return }
            player.sides[id]?.hasReset = true
            player.endpoint.codec.reset(StreamID(id), .cancel)
        }

        /// Ends everything that is open and lets both sides come to rest.
        mutating func finish() {
            pipe.client.givesCredit = true
            pipe.server.givesCredit = true
            for _ in 0..<4 {
                pipe.client.payOwed()
                pipe.server.payOwed()
                for _ in 0..<200 { respond() }
                for player in [client, server] { for _ in 0..<200 { end(player) } }
                pipe.run()
            }
        }
    }

    @Test(
        "keep the order of events, lose no byte and leave nothing open",
        arguments: [1, 2, 3, 4, 5, 6, 7, 48])
    func play(seed: Int) {
        var game = Game(seed: UInt64(seed))
        for _ in 0..<1_200 { game.step() }
        game.finish()
        #expect(game.client.faults == [], "seed \(seed)")
        #expect(game.server.faults == [], "seed \(seed)")
        #expect(game.pipe.client.codec.openStreams == 0, "seed \(seed)")
        #expect(game.pipe.server.codec.openStreams == 0, "seed \(seed)")
        for (id, side) in game.client.sides {
            #expect(side.isOver || side.hasReset, "seed \(seed) client stream \(id)")
            compare(game.client, game.server, id, seed)
            compare(game.server, game.client, id, seed)
        }
        let whole = game.client.sides.values.filter { $0.hasReceivedEnd }.count
        #expect(whole > 5, "seed \(seed): too few streams came to their end to mean anything")
    }

    /// What arrived is a beginning of what was sent, and all of it if the end arrived.
    private func compare(_ sender: Player, _ receiver: Player, _ id: Int32, _ seed: Int) {
        guard let sent = sender.sides[id]?.sent else { return }
        let arrived = receiver.endpoint.bodies[id] ?? []
        if receiver.sides[id]?.hasReceivedEnd == true {
            #expect(arrived == sent, "seed \(seed) stream \(id)")
        } else {
            #expect(arrived.elementsEqual(sent.prefix(arrived.count)), "seed \(seed) stream \(id)")
        }
    }
}
