import HTTP
import Kernel
import Testing

@testable import Proxy

@Suite("WebSocket, between a client and an upstream in memory") struct TunnelTests {
    /// A world in which the upstream agrees and sends `down`, and the client then sends `up`.
    private func open(
        _ pair: Pair, up: [UInt8], down: [UInt8], upEndsAt: Int = .max, downEndsAt: Int = .max,
        change: (inout World.Setting) -> Void = { _ in }
    ) throws -> (World, Peer, StreamID) {
        var setting = pair.setting
        change(&setting)
        let world = try World(setting)
        world.onUpstreamHead = {
            $0.acceptWebSocket($1)
            $0.send(down, on: $1, endsAt: downEndsAt)
        }
        world.onUpstreamEnd = { _, _ in }
        let client = try world.connect()
        client.onHead = { $0.send(up, on: $1, endsAt: upEndsAt) }
        return (world, client, try #require(client.openWebSocket("/v1/realtime?model=m")))
    }

    private func received(_ world: World) -> Message? {
        world.upstreams.first?.messages.values.first
    }

    @Test("carries both directions, however they are cut, and ends", arguments: Pair.all)
    func carries(pair: Pair) throws {
        for stride in [1, 7, 1_000, 65_536] {
            let count = stride == 1 ? 300 : 60_000
            let (up, down) = (pattern(count, 3), pattern(count + 5, 4))
            let (world, client, stream) = try open(pair, up: up, down: down)
            client.stride = stride
            #expect(world.settle())
            let message = client.messages[stream.rawValue]
            #expect(message?.status == (pair.client ? 200 : 101))
            #expect(message?.isTunnel == true)
            #expect(message?.body == down)
            #expect(message?.isComplete == true)
            #expect(received(world)?.body == up)
            #expect(received(world)?.isComplete == true)
            #expect(received(world)?.target == "/v1/realtime?model=m")
            #expect(world.core.exchanges.count == 0)
            #expect(world.leftovers() == "")
        }
    }

    @Test("when one side has said all the other goes on", arguments: Pair.all)
    func halves(pair: Pair) throws {
        for isClientFirst in [true, false] {
            let (world, client, stream) = try open(
                pair, up: pattern(2_000), down: pattern(3_000),
                upEndsAt: isClientFirst ? .max : 1_000, downEndsAt: isClientFirst ? 1_000 : .max)
            world.settle()
            let upstream = try #require(world.upstreams.first)
            let number = try #require(upstream.messages.keys.first)
            #expect(upstream.messages[number]?.isComplete == isClientFirst)
            #expect(client.messages[stream.rawValue]?.isComplete == !isClientFirst)
            let late = pattern(100_000, 9)
            if isClientFirst {
                upstream.send(late, on: StreamID(number))
            } else {
                client.send(late, on: stream)
            }
            world.settle()
            #expect(
                upstream.messages[number]?.body
                    == (isClientFirst ? pattern(2_000) : Array(pattern(1_000)) + late))
            #expect(
                client.messages[stream.rawValue]?.body
                    == (isClientFirst ? Array(pattern(1_000)) + late : pattern(3_000)))
            #expect(upstream.messages[number]?.isComplete == true)
            #expect(client.messages[stream.rawValue]?.isComplete == true)
            #expect(world.core.exchanges.count == 0)
            #expect(world.leftovers() == "")
        }
    }

    @Test("holds a fast sender back for a slow reader, both ways", arguments: Pair.all)
    func backPressure(pair: Pair) throws {
        let size = 3_000_000
        let (world, client, stream) = try open(pair, up: pattern(size, 1), down: pattern(size, 2))
        client.isLazy = true
        world.onTurn = { world in
            guard let upstream = world.upstreams.first, upstream.messages.count > 0 else { return }
            upstream.isLazy = true
            upstream.isStalled = !pair.upstream
            client.isStalled = !pair.client && client.messages[stream.rawValue]?.status != 0
        }
        #expect(world.settle())
        #expect((client.messages[stream.rawValue]?.body.count ?? 0) < size)
        #expect((received(world)?.body.count ?? 0) < size)
        world.onTurn = { _ in }
        for peer in world.clients + world.upstreams {
            peer.isStalled = false
            peer.catchUp()
        }
        #expect(world.settle(turns: 100_000))
        #expect(client.messages[stream.rawValue]?.body == pattern(size, 2))
        #expect(received(world)?.body == pattern(size, 1))
        #expect(world.leftovers() == "")
    }

    @Test("ends the client's side when the upstream breaks", arguments: Pair.all)
    func upstreamBreaks(pair: Pair) throws {
        let (world, client, stream) = try open(
            pair, up: pattern(100), down: pattern(100), upEndsAt: 50, downEndsAt: 50)
        world.settle()
        world.upstreams.first?.line.breakOff()
        world.settle()
        let message = client.messages[stream.rawValue]
        #expect(message?.body == Array(pattern(50)))
        #expect(pair.client ? message?.isReset == true : client.line.hasGatewayEnded)
        #expect(world.core.exchanges.count == 0)
        #expect(world.leftovers() == "")
    }

    @Test("ends the upstream's side when the client breaks", arguments: Pair.all)
    func clientBreaks(pair: Pair) throws {
        let (world, client, _) = try open(
            pair, up: pattern(100), down: pattern(100), upEndsAt: 50, downEndsAt: 50)
        world.settle()
        client.line.breakOff()
        world.settle()
        #expect(received(world)?.body == Array(pattern(50)))
        let upstream = try #require(world.upstreams.first)
        #expect(pair.upstream ? received(world)?.isReset == true : upstream.line.hasGatewayEnded)
        #expect(world.core.exchanges.count == 0)
        #expect(world.leftovers() == "")
    }

    @Test(
        "an upstream that has said all and then breaks leaves the client its last bytes",
        arguments: Pair.all)
    func breaksBehindEnd(pair: Pair) throws {
        let (world, client, stream) = try open(
            pair, up: pattern(100), down: pattern(300_000), upEndsAt: 50)
        client.isStalled = true
        client.stride = 1_000
        for _ in 0..<40 { world.turn() }
        client.isStalled = false
        world.settle()
        world.upstreams.first?.line.breakOff()
        world.settle()
        #expect(client.messages[stream.rawValue]?.body == pattern(300_000))
        #expect(client.messages[stream.rawValue]?.isBroken == false)
        #expect(world.leftovers() == "")
    }

    @Test("is silent as long as it may, and no longer", arguments: Pair.all)
    func idle(pair: Pair) throws {
        let (world, client, stream) = try open(
            pair, up: pattern(100), down: pattern(100), upEndsAt: 50, downEndsAt: 50
        ) { $0.timeouts.tunnelIdle = 100_000 }
        world.settle()
        world.pass(milliseconds: 99_000)
        #expect(world.core.exchanges.count == 1)
        client.send(pattern(60), on: stream, endsAt: 55)
        world.settle()
        world.pass(milliseconds: 99_000)
        #expect(world.core.exchanges.count == 1)
        world.pass(milliseconds: 3_000)
        #expect(world.core.exchanges.count == 0)
        #expect(world.leftovers() == "")
    }

    @Test("half closed it may be silent for less long", arguments: Pair.all)
    func halfIdle(pair: Pair) throws {
        let (world, _, _) = try open(pair, up: pattern(100), down: pattern(100), upEndsAt: 50)
        world.settle()
        world.pass(milliseconds: 29_000)
        #expect(world.core.exchanges.count == 1)
        world.pass(milliseconds: 3_000)
        #expect(world.core.exchanges.count == 0)
        #expect(world.leftovers() == "")
    }

    @Test("a client that does not read is not waited for", arguments: Pair.all)
    func stalled(pair: Pair) throws {
        let (world, client, stream) = try open(
            pair, up: pattern(100), down: pattern(3_000_000), upEndsAt: 50)
        world.onTurn = { _ in
            guard client.messages[stream.rawValue]?.status != 0 else { return }
            client.isStalled = !pair.client
            client.isLazy = true
        }
        world.settle()
        #expect(world.core.exchanges.count == 1)
        world.pass(milliseconds: 125_000)
        #expect(world.core.exchanges.count == 0)
        #expect(world.leftovers() == "")
    }
}
