import Chance
import HTTP
import HTTP2
import Kernel

/// A client and a server codec joined without sockets.
final class Pipe {
    let client: Endpoint
    let server: Endpoint
    private var random: SeededRandom?

    /// `seed`: cut what travels into pieces of random length.
    init(_ client: Endpoint, _ server: Endpoint, seed: UInt64? = nil) {
        self.client = client
        self.server = server
        random = seed.map { SeededRandom(seed: $0) }
    }

    convenience init(
        limits: CodecLimits = CodecLimits(), budgets: FrameBudgets = FrameBudgets(),
        seed: UInt64? = nil
    ) {
        self.init(
            Endpoint(.client, limits: limits),
            Endpoint(.server, limits: limits, budgets: budgets), seed: seed)
    }

    /// Carries bytes back and forth until both are silent.
    func run() {
        var turns = 0
        while client.codec.hasOutput || server.codec.hasOutput, turns < 100_000 {
            carry(from: client, to: server)
            carry(from: server, to: client)
            turns += 1
        }
        client.handleEvents()
        server.handleEvents()
    }

    func carry(from sender: Endpoint, to receiver: Endpoint) {
        let bytes = sender.output(limit: 40_000)
        if random != nil {
            receiver.receive(bytes.bytes, split: &random!)
        } else {
            receiver.receive(bytes.bytes)
        }
    }
}

/// `count` bytes that differ from their neighbours and from another `salt`.
func pattern(_ count: Int, salt: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 8) &+ salt &* 97) }
}
