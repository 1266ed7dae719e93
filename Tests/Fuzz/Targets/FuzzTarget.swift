/// A parser of bytes that strangers send, with what must hold whatever they send.
///
/// Everything a check does follows from its input alone, also where the bytes are cut, so that an
/// input which once failed fails again.
public enum FuzzTarget: String, CaseIterable, Sendable {
    case http1Server = "http1-server"
    case http1Client = "http1-client"
    case chunked
    case http2Server = "http2-server"
    case http2Client = "http2-client"
    case eventStream = "event-stream"
    case usage
    case json
    case yaml
    case configuration
    case jwt
    case jwks

    /// Feeds `input` to the parser and throws what it did wrong; a trap is a failure as well.
    public func check(_ input: Span<UInt8>) throws(Violation) {
        switch self {
        case .http1Server: try HTTP1ServerCheck.run(input.array)
        case .http1Client: try HTTP1ClientCheck.run(input.array)
        case .chunked: try ChunkedCheck.run(input.array)
        case .http2Server: try HTTP2Check.run(input.array, role: .server)
        case .http2Client: try HTTP2Check.run(input.array, role: .client)
        case .eventStream: try EventStreamCheck.run(input.array)
        case .usage: try UsageCheck.run(input.array)
        case .json: try JSONCheck.run(input)
        case .yaml: try YAMLCheck.run(input)
        case .configuration: try ConfigurationCheck.run(input)
        case .jwt: try TokenCheck.run(input.array)
        case .jwks: try KeySetCheck.run(input)
        }
    }
}
