import HTTP
import Kernel
import Testing

@testable import Proxy

@Suite("Clients that are slow") struct PaceTests {
    @Test("the time one was waited for is held against the bytes it moved")
    func pace() {
        var pace = Pace()
        #expect(pace.patience(grace: 60_000, bytes: 0, perSecond: 100) == 60_000)
        pace.waited(from: Instant(nanoseconds: 0), to: Instant(nanoseconds: 50_000_000_000))
        #expect(pace.patience(grace: 60_000, bytes: 0, perSecond: 100) == 10_000)
        #expect(pace.patience(grace: 60_000, bytes: 150, perSecond: 100) == 11_500)
        pace.waited(from: Instant(nanoseconds: 0), to: Instant(nanoseconds: 50_000_000_000))
        #expect(pace.patience(grace: 60_000, bytes: 150, perSecond: 100) == 0)
        #expect(pace.patience(grace: 60_000, bytes: .max, perSecond: 1) == 86_400_000)
    }

    /// A body of which a byte comes every second.
    private func drip(
        _ target: String, rate: Int?, _ pair: Pair, seconds: Int
    ) throws -> (World, Message) {
        var setting = pair.setting
        setting.bounds.uploadBytesPerSecond = rate
        setting.timeouts.requestBodyIdle = 10_000
        let world = try World(setting)
        let client = try world.connect()
        let body = pattern(10_000)
        let stream = try #require(
            client.request(.post, target, body: body, length: body.count, endsAt: 1))
        for second in 1...seconds {
            world.pass(milliseconds: 1_000)
            client.send(Array(body[second...]), on: stream, endsAt: 1)
        }
        world.settle()
        return (world, try #require(client.messages[stream.rawValue]))
    }

    @Test(
        "a body below the rate is answered 408, whether it is collected or passed on",
        arguments: Pair.all)
    func upload(pair: Pair) throws {
        for target in ["/v1/chat/completions", "/v1/files/a"] {
            let (world, message) = try drip(target, rate: 100, pair, seconds: 14)
            #expect(message.status == 408)
            #expect(world.upstreams.allSatisfy { $0.messages.values.allSatisfy { !$0.isComplete } })
            #expect(world.leftovers() == "")
        }
    }

    @Test("a body at the rate takes as long as it likes", arguments: Pair.all)
    func steadyUpload(pair: Pair) throws {
        for rate in [1, nil] {
            for target in ["/v1/chat/completions", "/v1/files/a"] {
                let (_, message) = try drip(target, rate: rate, pair, seconds: 60)
                #expect(message.status == 0)
            }
        }
    }

    @Test("the time in which the upstream holds a body up is not its sender's", arguments: Pair.all)
    func heldUp(pair: Pair) throws {
        var setting = pair.setting
        setting.bounds.uploadBytesPerSecond = 100_000
        setting.timeouts.requestBodyIdle = 10_000
        let world = try World(setting)
        let client = try world.connect()
        world.onUpstreamHead = { upstream, _ in upstream.isStalled = true }
        let body = pattern(900_000)
        let stream = try #require(
            client.request(.post, "/v1/files/a", body: body, length: body.count))
        world.pass(milliseconds: 100_000)
        for upstream in world.upstreams { upstream.isStalled = false }
        world.settle()
        #expect(client.messages[stream.rawValue]?.status == 200)
        #expect(world.leftovers() == "")
    }

    /// A client that takes `step` bytes of an answer every second.
    private func sip(
        _ step: Int, rate: Int?, _ pair: Pair, seconds: Int
    ) throws -> (World, Message) {
        var setting = pair.setting
        setting.bounds.downloadBytesPerSecond = rate
        setting.timeouts.writeStall = 10_000
        let world = try World(setting)
        let client = try world.connect()
        let body = pattern(600_000)
        world.onUpstreamEnd = { $0.respond(200, on: $1, body: body, length: body.count) }
        client.line.capacity = 2_000
        client.stride = step
        let stream = try #require(client.request(.get, "/v1/files/a"))
        while client.messages[stream.rawValue]?.status == 0 { world.turn() }
        client.isStalled = true
        for _ in 0..<seconds {
            world.pass(milliseconds: 1_000)
            client.isStalled = false
            world.turn()
            client.isStalled = true
        }
        return (world, try #require(client.messages[stream.rawValue]))
    }

    @Test("a reader below the rate is broken off", arguments: Pair.all)
    func download(pair: Pair) throws {
        let (world, message) = try sip(500, rate: 20_000, pair, seconds: 40)
        #expect(!message.isComplete)
        #expect(world.core.exchanges.count == 0)
        #expect(world.leftovers() == "")
    }

    @Test(
        "a reader is not cut while its connection takes bytes, however long a stall may last",
        arguments: Pair.all)
    func steadyDownload(pair: Pair) throws {
        for rate in [nil, 100] {
            let (world, message) = try sip(500, rate: rate, pair, seconds: 100)
            #expect(message.status == 200)
            #expect(world.core.exchanges.count == 1)
        }
    }
}
