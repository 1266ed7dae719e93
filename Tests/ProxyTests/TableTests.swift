import Chance
import HTTP
import Kernel
import Testing

@testable import Proxy

@Suite("Tables of living objects") struct TableTests {
    private final class Thing {
        let token: Token
        init(_ token: Token) { self.token = token }
    }

    @Test("a slot table finds what lives and nothing that lived")
    func slots() {
        var random = SeededRandom(seed: 3)
        var table = SlotTable<Thing>(.exchange)
        var living: [Thing] = []
        var gone: [Token] = []
        for _ in 0..<2_000 {
            if random.below(2) == 0 {
                living.append(table.insert { Thing($0) })
            } else if !living.isEmpty {
                let thing = living.remove(at: random.below(living.count))
                table.remove(thing.token)
                table.remove(thing.token)
                gone.append(thing.token)
            }
            #expect(table.count == living.count)
        }
        for thing in living { #expect(table[thing.token] === thing) }
        for token in gone { #expect(table[token] == nil) }
        #expect(table.all.count == living.count)
    }

    @Test("a queue gives back what came first, and keeps nothing of what was taken")
    func queue() {
        var random = SeededRandom(seed: 7)
        var queue = Queue<Thing>()
        var model: [Thing] = []
        weak var taken: Thing?
        for step in 0..<5_000 {
            // Long stretches in which it grows, then such in which it shrinks.
            if random.below(10) < (step / 500 % 2 == 0 ? 7 : 3) {
                let thing = Thing(Token(rawValue: UInt64(step)))
                queue.append(thing)
                model.append(thing)
            } else {
                let expected = model.isEmpty ? nil : model.removeFirst()
                #expect(queue.popFirst() === expected)
                taken = expected
            }
            #expect(taken == nil)
            #expect(queue.count == model.count)
            #expect(queue.isEmpty == model.isEmpty)
        }
    }

    @Test("a stream table is a dictionary")
    func streams() throws {
        let world = try World()
        _ = try world.connect()
        let session = try #require(world.core.sessions.all.first)
        let codec = HTTP1Codec(
            role: .server, limits: CodecLimits(), heads: world.core.heads, isSecure: false)
        var random = SeededRandom(seed: 5)
        var table = StreamTable()
        var model: [Int32: Exchange] = [:]
        for _ in 0..<5_000 {
            let id = Int32(random.below(60)) * 2 + 1 + Int32(random.below(3)) * 4_096
            if model[id] == nil, random.below(2) == 0 {
                let exchange = Exchange(
                    Token(.exchange, slot: 0), stream: StreamID(id), request: Head(),
                    session: session, codec: codec, core: world.core)
                table.insert(exchange, for: StreamID(id))
                model[id] = exchange
            } else {
                table.remove(StreamID(id))
                model[id] = nil
            }
            #expect(table.count == model.count)
            let other = Int32(random.below(60)) * 2 + 1
            #expect(table[StreamID(other)] === model[other])
        }
        for (id, exchange) in model { #expect(table[StreamID(id)] === exchange) }
        #expect(table.all.count == model.count)
    }
}
