import HTTP
import Testing

@testable import HTTP2
@testable import Proxy

@Suite("When there is no memory for an HTTP/2 session") struct ExhaustionTests {
    @Test("its client is turned away, and the next one is served when there is some again")
    func client() throws {
        let world = try World(World.Setting(isClientHTTP2: true))
        world.core.memory.isExhausted = true
        let refused = try world.connect()
        refused.request(.get, "/health")
        #expect(world.settle())
        #expect(refused.line.isReleased)
        world.core.memory.isExhausted = false
        let served = try world.connect()
        let stream = try #require(served.request(.get, "/health"))
        #expect(world.settle())
        #expect(served.messages[stream.rawValue]?.status == 200)
        #expect(world.leftovers() == "")
    }

    @Test("a request that needs one upstream gets a 502, and the next one its answer")
    func upstream() throws {
        let world = try World(World.Setting(isUpstreamHTTP2: true))
        let client = try world.connect()
        world.core.memory.isExhausted = true
        let refused = try #require(client.request(.get, "/v1/files/a"))
        #expect(world.settle())
        #expect(client.messages[refused.rawValue]?.status == 502)
        world.core.memory.isExhausted = false
        let served = try #require(client.request(.get, "/v1/files/a"))
        #expect(world.settle())
        #expect(client.messages[served.rawValue]?.status == 200)
        #expect(world.leftovers() == "")
    }
}
