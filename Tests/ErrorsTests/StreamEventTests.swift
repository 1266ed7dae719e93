import Errors
import Kernel
import Testing

private func event(
    _ error: GatewayError, _ shape: StreamShape, isInsideEvent: Bool,
    in dialect: Dialect = .openAI(errorParam: true)
) -> String {
    var buffer = ByteBuffer()
    dialect.writeEvent(
        error, shape, isInsideEvent: isInsideEvent, sequenceNumber: 7, into: &buffer)
    return buffer.text
}

@Suite("An error inside a stream")
struct StreamEventTests {
    let error = GatewayError.upstreamFailed(.reset)

    @Test("is the envelope as one data event for chat and completions")
    func envelope() {
        let body =
            "{\"error\":{\"message\":\"Upstream request failed\",\"type\":\"server_error\","
            + "\"param\":null,\"code\":\"upstream_error\"}}"
        #expect(event(error, .envelope, isInsideEvent: false) == "data: \(body)\n\n")
    }

    @Test("ends an event that was under way first")
    func partial() {
        #expect(event(error, .envelope, isInsideEvent: true).hasPrefix("\n\ndata: {"))
    }

    @Test("is the error event of the Responses API there")
    func responses() {
        let data =
            "{\"type\":\"error\",\"code\":\"upstream_error\","
            + "\"message\":\"Upstream request failed\",\"param\":null,\"sequence_number\":7}"
        #expect(event(error, .responses, isInsideEvent: false) == "event: error\ndata: \(data)\n\n")
    }

    @Test("is the error event of the Messages API there")
    func anthropic() {
        let data =
            "{\"type\":\"error\",\"error\":{\"type\":\"api_error\","
            + "\"message\":\"Upstream request failed\"}}"
        #expect(event(error, .anthropic, isInsideEvent: false) == "event: error\ndata: \(data)\n\n")
    }

    @Test("is worded as the site words its errors")
    func dialects() {
        let data = #"{"error":{"code":"server_error","message":"Upstream unavailable"}}"#
        let whole = event(error, .envelope, isInsideEvent: false, in: .behestData)
        #expect(whole == "data: \(data)\n\n")
        let edge = #""code":"bad gateway","message":"An invalid response was received"#
        #expect(event(error, .responses, isInsideEvent: false, in: .behestEdge).contains(edge))
        let none = #""code":null,"message":"Bad gateway","#
        #expect(event(error, .responses, isInsideEvent: false, in: .oneCLI).contains(none))
        let code = #"{"type":"api_error","message":"query_failed"}"#
        #expect(event(error, .anthropic, isInsideEvent: false, in: .devSphere).contains(code))
    }

    @Test("never says [DONE] and stays on one data line", arguments: StreamShape.allCases)
    func honest(shape: StreamShape) {
        for dialect in Dialect.all {
            for error in GatewayError.examples {
                let text = event(error, shape, isInsideEvent: false, in: dialect)
                #expect(!text.contains("[DONE]"))
                #expect(text.hasSuffix("\n\n"))
                #expect(text.split(separator: "\n").count == (shape == .envelope ? 1 : 2))
            }
        }
    }
}
