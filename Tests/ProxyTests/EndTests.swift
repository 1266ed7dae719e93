import HTTP
import Kernel
import Testing

@testable import Proxy

@Suite("Connections that end") struct EndTests {
    @Test("the drain leaves a connection that lingers behind its answer in peace")
    func drainWhileLingering() throws {
        var setting = World.Setting()
        setting.bodyLimit = 10
        let world = try World(setting)
        let client = try world.connect()
        let stream = try #require(
            client.request(.post, "/v1/files/a", body: pattern(200_000), length: 200_000))
        world.settle()
        #expect(client.messages[stream.rawValue]?.status == 413)
        #expect(client.line.hasGatewayEnded)
        world.core.drain()
        world.settle()
        #expect(!client.line.isReleased)
        #expect(!world.core.isDone)
        client.line.endByPeer()
        world.settle()
        #expect(world.core.isDone)
        #expect(world.leftovers() == "")
    }

    @Test("a worker that has ended keeps nothing in memory", arguments: [false, true])
    func end(isHTTP2: Bool) throws {
        weak var core: Core?
        weak var connection: UpstreamConnection?
        do {
            let world = try World(
                World.Setting(isClientHTTP2: isHTTP2, isUpstreamHTTP2: isHTTP2))
            let client = try world.connect()
            client.request(.get, "/v1/files/a")
            #expect(world.settle())
            core = world.core
            connection = world.core.connections.all.first
            #expect(connection != nil)
            client.line.endByPeer()
            world.core.drain()
            #expect(world.settle())
            world.core.end()
        }
        #expect(connection == nil)
        #expect(core == nil)
    }

    /// A DATA frame on no stream (RFC 9113 section 6.1).
    private static let breach: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0]

    @Test("an HTTP/2 client that broke the protocol can read why, whatever it still sends")
    func breach() throws {
        let world = try World(World.Setting(isClientHTTP2: true))
        let client = try world.connect()
        client.request(.get, "/health")
        world.settle()
        client.line.arriving.append(Self.breach)
        client.line.isNewlyReadable = true
        world.settle()
        #expect(client.isGoingAway)
        #expect(client.line.hasGatewayEnded)
        #expect(!client.line.isReleased)
        client.line.arriving.append(pattern(10_000))
        client.line.isNewlyReadable = true
        world.settle()
        #expect(!client.line.isReleased)
        let unread = client.line.arriving.count
        #expect(unread == 0)
        client.line.endByPeer()
        world.settle()
        #expect(client.line.isReleased)
        #expect(world.leftovers() == "")
    }

    @Test("an HTTP/2 client that broke the protocol and stays is cut off in the end")
    func breachAndStay() throws {
        let world = try World(World.Setting(isClientHTTP2: true))
        let client = try world.connect()
        client.request(.get, "/health")
        world.settle()
        client.line.arriving.append(Self.breach)
        client.line.isNewlyReadable = true
        world.settle()
        world.pass(milliseconds: world.setting.timeouts.linger + 1_000)
        #expect(client.line.isReleased)
        #expect(world.leftovers() == "")
    }
}
