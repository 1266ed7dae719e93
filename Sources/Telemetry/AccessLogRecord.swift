import Errors
import HTTP
import Kernel

/// What is written about one exchange when it has ended.
///
/// Its strings come from the configuration and are only referred to; what the client sent is passed
/// to `write` as bytes. Nothing here can hold a credential: the key is named by its id.
public struct AccessLogRecord: Sendable {
    /// The version an exchange was spoken in.
    public enum WireVersion: UInt8, Sendable {
        case http1, http2

        public var text: StaticString {
            switch self {
            case .http1: "http/1.1"
            case .http2: "h2"
            }
        }
    }

    /// Who ended an exchange before its time.
    public enum Canceller: UInt8, Sendable {
        case client, upstream, gateway

        public var text: StaticString {
            switch self {
            case .client: "client"
            case .upstream: "upstream"
            case .gateway: "gateway"
            }
        }
    }

    /// The most bytes of a path, and of a model's name, that are written.
    public static let longestPath = 1024
    public static let longestModel = 128

    /// When the request's head was complete.
    public var time: UnixTime
    public var requestID: RequestID
    public var trace: TraceContext
    public var client: IPAddress
    public var site: String?
    public var route: String?
    public var keyID: String?
    public var method: Method
    public var status: Int
    public var error: GatewayError?
    public var bytesIn = 0
    public var bytesOut = 0
    /// As the upstream counted them; nil when it did not say.
    public var inputTokens: Int?
    public var outputTokens: Int?
    /// Counted against a budget because the upstream did not say.
    public var estimatedTokens: Int?
    public var durationNanoseconds: UInt64 = 0
    /// Until a connection to the upstream stood; nil when one was reused or none was needed.
    public var connectNanoseconds: UInt64?
    /// Until the first byte of the upstream's response.
    public var firstByteNanoseconds: UInt64?
    public var upstream: String?
    public var version: WireVersion
    public var upstreamVersion: WireVersion?
    public var cancelledBy: Canceller?
    /// Targets of the model that were asked one after the other; `upstream` is the last.
    public var attempts = 1

    public init(
        time: UnixTime, requestID: RequestID, trace: TraceContext, client: IPAddress,
        method: Method, status: Int, version: WireVersion
    ) {
        self.time = time
        self.requestID = requestID
        self.trace = trace
        self.client = client
        self.method = method
        self.status = status
        self.version = version
    }
}
