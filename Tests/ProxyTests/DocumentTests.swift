import HTTP
import Kernel
import Testing

@testable import Proxy

@Suite("A document that the gateway serves") struct DocumentTests {
    private func world(isHTTP2: Bool, _ document: ServedDocument) throws -> World {
        var setting = World.Setting(isClientHTTP2: isHTTP2)
        setting.document = document
        return try World(setting)
    }

    @Test("comes whole, with its tag, and no upstream hears of it", arguments: [false, true])
    func whole(isHTTP2: Bool) throws {
        let document = ServedDocument(pattern(100_000))
        let world = try world(isHTTP2: isHTTP2, document)
        let client = try world.connect()
        let stream = try #require(client.request(.get, "/document"))
        #expect(world.settle())
        let answer = try #require(client.messages[stream.rawValue])
        #expect(answer.status == 200 && answer.isComplete)
        #expect(answer.body == document.bytes)
        #expect(answer.fields["etag"] == String(decoding: document.entityTag, as: UTF8.self))
        #expect(answer.fields["content-length"] == "100000")
        #expect(world.network.attempts == 0)
        #expect(world.leftovers() == "")
    }

    @Test("is 304 to whoever has it, and has no body for HEAD", arguments: [false, true])
    func unchanged(isHTTP2: Bool) throws {
        let document = ServedDocument(pattern(1_000))
        let world = try world(isHTTP2: isHTTP2, document)
        let client = try world.connect()
        let tag = String(decoding: document.entityTag, as: UTF8.self)
        let known = try #require(
            client.request(.get, "/document", fields: [("if-none-match", tag)]))
        #expect(world.settle())
        let head = try #require(client.request(.head, "/document"))
        #expect(world.settle())
        #expect(client.messages[known.rawValue]?.status == 304)
        #expect(client.messages[known.rawValue]?.fields["etag"] == tag)
        #expect(client.messages[head.rawValue]?.status == 200)
        for stream in [known, head] {
            let answer = try #require(client.messages[stream.rawValue])
            #expect(answer.body.isEmpty && answer.isComplete)
        }
        #expect(client.messages[head.rawValue]?.fields["content-length"] == "1000")
        #expect(world.leftovers() == "")
    }

    @Test("costs a piece while the client does not read, however often it asks")
    func bounded() throws {
        let document = ServedDocument(pattern(1_000_000))
        let world = try world(isHTTP2: true, document)
        let client = try world.connect()
        client.isLazy = true
        let streams = (0..<20).compactMap { _ in client.request(.get, "/document") }
        #expect(streams.count == 20)
        world.settle()
        let unsent = world.core.inventory.shares.map(\.unsentToClient)
        #expect(unsent.count == 20)
        #expect(unsent.allSatisfy { $0 <= 2 * ServedDocument.piece }, "\(unsent)")
        client.catchUp()
        #expect(world.settle())
        for stream in streams {
            #expect(client.messages[stream.rawValue]?.body == document.bytes)
        }
        #expect(world.leftovers() == "")
    }
}
