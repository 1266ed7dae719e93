import Kernel

/// How errors are worded towards the clients of a site.
///
/// A further dialect is one more case here and one more arm in `status` and `write`.
public enum Dialect: Equatable, Sendable {
    /// OpenAI's envelope with the codes and messages of the BVE page. `errorParam`: whether
    /// `param`, which OpenAI's published schema requires and the BVE page does not show, is there
    /// (as null).
    case openAI(errorParam: Bool)

    /// The media type of every error body.
    public static let contentType: StaticString = "application/json"

    public func status(of error: GatewayError) -> Int {
        switch self {
        case .openAI: error.facts.status
        }
    }

    /// Appends the body for `error`. Allocates nothing but what `output` needs to grow.
    public func write(_ error: GatewayError, into output: inout ByteBuffer) {
        switch self {
        case .openAI(let errorParam):
            let facts = error.facts
            if case .fixed = facts.message {
                output.append(RenderedBodies.openAI(facts.number, errorParam).span)
            } else {
                OpenAIEnvelope.write(facts, errorParam: errorParam, into: &output)
            }
        }
    }

    /// Appends the event that tells of `error` in a stream under way. No `[DONE]` follows it: the
    /// SDKs would otherwise take what came before for a complete answer.
    ///
    /// - `isInsideEvent`: bytes of an unfinished event were sent; a blank line ends it first.
    /// - `sequenceNumber`: for `.responses`, the number behind the last event's.
    public func writeEvent(
        _ error: GatewayError, _ shape: StreamShape, isInsideEvent: Bool, sequenceNumber: Int = 0,
        into output: inout ByteBuffer
    ) {
        if isInsideEvent { output.append("\n\n") }
        let facts = error.facts
        switch shape {
        case .envelope:
            output.append("data: ")
            write(error, into: &output)
        case .responses:
            output.append("event: error\ndata: {\"type\":\"error\",\"code\":\"")
            output.append(facts.code)
            output.append("\",\"message\":\"")
            facts.message.write(into: &output)
            output.append("\",\"param\":null,\"sequence_number\":")
            output.append(decimal: max(0, sequenceNumber))
            output.append("}")
        case .anthropic:
            output.append(
                "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"")
            output.append(",\"message\":\"")
            facts.message.write(into: &output)
            output.append("\"}}")
        }
        output.append("\n\n")
    }
}
