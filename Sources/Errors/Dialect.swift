import Kernel

/// How errors are worded towards the clients of a site.
///
/// Each dialect is one file: a table of its words, which the compiler keeps complete, and its
/// envelope.
public enum Dialect: Equatable, Sendable {
    /// OpenAI's envelope with the codes and messages of the BVE page. `errorParam`: whether
    /// `param`, which OpenAI's published schema requires and the BVE page does not show, is there
    /// (as null).
    case openAI(errorParam: Bool)
    /// Behest's management APIs: a sentence, and sometimes a code.
    case behestAdmin
    /// Behest's edge, which is Kong: a short word and a sentence.
    case behestEdge
    /// Behest's data plane: an object with code, message and details.
    case behestData
    /// OneCLI's management API: one sentence.
    case oneCLI
    /// The same API since its errors are objects.
    case oneCLIObject
    /// OneCLI's forward proxy: a code, a sentence and what belongs to it.
    case oneCLIGateway
    /// DevSphere's public API: one code.
    case devSphere

    /// The media type of every error body.
    public static let contentType: StaticString = "application/json"

    /// Every dialect, in the order of `number`.
    public static let all: [Dialect] = [
        .openAI(errorParam: true), .openAI(errorParam: false), .behestAdmin, .behestEdge,
        .behestData, .oneCLI, .oneCLIObject, .oneCLIGateway, .devSphere,
    ]

    var number: Int {
        switch self {
        case .openAI(let errorParam): errorParam ? 0 : 1
        case .behestAdmin: 2
        case .behestEdge: 3
        case .behestData: 4
        case .oneCLI: 5
        case .oneCLIObject: 6
        case .oneCLIGateway: 7
        case .devSphere: 8
        }
    }

    public func status(of error: GatewayError) -> Int { wording(of: error).status }

    /// The word for programs in the body; empty where there is none.
    public func code(of error: GatewayError) -> StaticString { wording(of: error).code }

    /// The field that the answer to `error` carries beside those of every answer.
    public func field(of error: GatewayError) -> AnswerField? {
        let wording = wording(of: error)
        return wording.field ?? (wording.status == 401 ? .bearerChallenge : nil)
    }

    /// Appends the body for `error`; few have none. Allocates nothing but what `output` needs to
    /// grow.
    public func write(_ error: GatewayError, into output: inout ByteBuffer) {
        let wording = wording(of: error)
        if wording.isFixed {
            output.append(RenderedBodies.body(in: number, of: error.facts.number).span)
        } else {
            write(wording, into: &output)
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
        let wording = wording(of: error)
        switch shape {
        case .envelope:
            output.append("data: ")
            write(error, into: &output)
        case .responses:
            output.append("event: error\ndata: {\"type\":\"error\",\"code\":")
            if wording.code.utf8CodeUnitCount > 0 {
                output.append("\"")
                output.append(wording.code)
                output.append("\"")
            } else {
                output.append("null")
            }
            output.append(",\"message\":\"")
            wording.message.write(into: &output)
            output.append("\",\"param\":null,\"sequence_number\":")
            output.append(decimal: max(0, sequenceNumber))
            output.append("}")
        case .anthropic:
            output.append(
                "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"")
            output.append(",\"message\":\"")
            wording.message.write(into: &output)
            output.append("\"}}")
        }
        output.append("\n\n")
    }

    func wording(of error: GatewayError) -> Wording {
        switch self {
        case .openAI: error.inOpenAI
        case .behestAdmin: error.inBehestAdmin
        case .behestEdge: error.inBehestEdge
        case .behestData: error.inBehestData
        case .oneCLI: error.inOneCLI
        case .oneCLIObject: error.inOneCLIObject
        case .oneCLIGateway: error.inOneCLIGateway
        case .devSphere: error.inDevSphere
        }
    }

    /// Appends the envelope with these words.
    func write(_ wording: Wording, into output: inout ByteBuffer) {
        switch self {
        case .openAI(let errorParam): wording.writeOpenAI(errorParam: errorParam, into: &output)
        case .behestAdmin: wording.writeBehestAdmin(into: &output)
        case .behestEdge: wording.writeBehestEdge(into: &output)
        case .behestData: wording.writeBehestData(into: &output)
        case .oneCLI: wording.writeOneCLI(into: &output)
        case .oneCLIObject: wording.writeOneCLIObject(into: &output)
        case .oneCLIGateway: wording.writeOneCLIGateway(into: &output)
        case .devSphere: wording.writeDevSphere(into: &output)
        }
    }
}
