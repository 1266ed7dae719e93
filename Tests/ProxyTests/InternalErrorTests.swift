import Errors
import HTTP
import Testing

@testable import Proxy

/// Nothing in the program fails this way by itself, so the failure is put in.
@Suite("A fault of the gateway") struct InternalErrorTests {
    @Test(
        "is 500 with the envelope and both ids, and the upstream is let go",
        arguments: [false, true])
    func reply(isHTTP2: Bool) throws {
        let world = try World(World.Setting(isClientHTTP2: isHTTP2, isUpstreamHTTP2: true))
        world.onUpstreamEnd = { _, _ in }
        let client = try world.connect()
        let stream = try #require(client.request(.get, "/v1/files/a"))
        world.settle()
        let exchange = try #require(world.core.exchanges.all.first)
        exchange.fail(.internalError)
        // What it wrote leaves with this turn, and arrives with the next ones.
        _ = world.turn()
        #expect(world.settle())
        let answer = try #require(client.messages[stream.rawValue])
        #expect(answer.status == 500 && answer.isComplete)
        #expect(
            String(decoding: answer.body, as: UTF8.self)
                == #"{"error":{"message":"Internal server error","type":"server_error","#
                + #""param":null,"code":"internal_error"}}"#)
        #expect(answer.fields["content-type"] == "application/json")
        #expect(answer.fields["x-request-id"]?.count == 36)
        #expect(answer.fields["x-trace-id"]?.count == 32)
        #expect(world.leftovers() == "")
    }
}
