import Chance
import HTTP
import Testing

@testable import Proxy

@Suite("Bodies that are collected") struct CollectingTests {
    /// A JSON object of exactly `count` bytes.
    private static func object(_ count: Int) -> [UInt8] {
        Array("{\"model\":\"m\",\"x\":\"".utf8)
            + [UInt8](repeating: 0x61, count: count - 20) + Array("\"}".utf8)
    }

    @Test("have all their memory reserved, whatever their length and however it is told")
    func reserved() throws {
        var random = SeededRandom(seed: 11)
        for isHTTP2 in [false, true] {
            for isDeclared in [false, true] {
                var setting = World.Setting(isClientHTTP2: isHTTP2)
                setting.bodyLimit = 300_000
                let world = try World(setting)
                let client = try world.connect()
                client.stride = 1 + random.below(20_000)
                world.onTurn = { world in
                    let living = world.core.exchanges.all
                    let held = living.reduce(0) { $0 + $1.collected.capacity }
                    let used = world.snapshot.bodyBudget.usedBytes
                    #expect(held <= used, "seed 11, \(isHTTP2), \(isDeclared)")
                    for exchange in living {
                        let bound = exchange.request.contentLength ?? world.setting.bodyLimit
                        let isWithin = exchange.collected.capacity <= bound
                        #expect(isWithin, "seed 11, \(isHTTP2), \(isDeclared)")
                    }
                }
                for _ in 0..<4 {
                    let body = Self.object(20 + random.below(300_000 - 20))
                    let stream = try #require(
                        client.request(
                            .post, "/v1/chat/completions", body: body,
                            length: isDeclared ? body.count : nil))
                    #expect(world.settle())
                    #expect(client.messages[stream.rawValue]?.body == body)
                }
                #expect(world.leftovers() == "")
            }
        }
    }

    @Test("are refused when their memory is not to be had, and it is given back")
    func refused() throws {
        var setting = World.Setting()
        setting.budget = 100_000
        let world = try World(setting)
        let client = try world.connect()
        let stream = try #require(
            client.request(
                .post, "/v1/chat/completions", body: Self.object(100_001), length: 100_001))
        #expect(world.settle())
        #expect(client.messages[stream.rawValue]?.status == 503)
        let second = try world.connect()
        let passes = try #require(
            second.request(
                .post, "/v1/chat/completions", body: Self.object(100_000), length: 100_000))
        #expect(world.settle())
        #expect(second.messages[passes.rawValue]?.status == 200)
        #expect(world.leftovers() == "")
    }
}
