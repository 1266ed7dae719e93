import Kernel

/// The methods the gateway knows (RFC 9110 section 9, RFC 5789).
public enum Method: UInt8, CaseIterable, Sendable {
    case get, head, post, put, delete, connect, options, trace, patch
    /// A valid token that is none of these.
    case other

    public var text: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .connect: "CONNECT"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .patch: "PATCH"
        case .other: ""
        }
    }

    /// The method spelled by `token`; methods are case-sensitive.
    public static func recognise(_ token: Span<UInt8>) -> Method {
        for method in allCases where method != .other && token.equals(method.text) {
            return method
        }
        return .other
    }

    /// Whether a request of this method may be sent again by whoever did not see the answer without
    /// any effect on the origin (safe methods, RFC 9110 section 9.2.1).
    public var isSafe: Bool { self == .get || self == .head || self == .options }
}

/// The head of a request or of a response: control data and fields, whatever the version on the
/// wire.
///
/// Both codecs fill it and both read it. It is an object so that an event can carry it and a pool
/// can reuse it: `HeadPool.take` hands out an empty one, `HeadPool.giveBack` ends its use.
public final class Head {
    /// Request: the method; `methodText` spells it when it is `.other`.
    public var method = Method.other
    public var methodText = ByteBuffer()
    /// Request: "https" or "http".
    public var isSecure = false
    /// Request: host and port as the client wrote them (`:authority` or `Host`). Empty when absent.
    public var authority = ByteBuffer()
    /// Request: path and query in origin form, never empty; `*` only for OPTIONS.
    public var target = ByteBuffer()
    /// Response: 100–999.
    public var status = 0
    /// The value of Content-Length; nil when the head has none.
    public var contentLength: Int?
    /// Response to be sent: an HTTP/1.1 connection ends behind it, because what follows is not, or
    /// not surely, the next request.
    public var endsConnection = false
    /// HTTP/1.0 spoke: no chunked coding may be sent to that peer.
    public var isHTTP10 = false
    /// Request: asks that its stream become a tunnel for WebSocket. HTTP/1.1 says so with Upgrade
    /// (RFC 6455 section 4.1), HTTP/2 with an extended CONNECT (RFC 8441), which stands here as the
    /// GET it means. Response of an upstream: the stream is that tunnel now. Response to a client:
    /// it becomes the tunnel (status 101 or 200), or should have been asked for (426).
    public var isWebSocket = false
    /// The fields without pseudo-fields, without Host, and without what framed the message on the
    /// wire: no Connection and what it names, Keep-Alive, Proxy-Connection, Transfer-Encoding,
    /// Upgrade. Content-Length is kept as a field as well as in `contentLength`.
    public var fields = Fields()

    public init() {}

    /// Empties the head for its next use. Every property returns to its initial value.
    public func reset() {
        method = .other
        methodText.removeAll(keepingCapacity: 64)
        isSecure = false
        authority.removeAll(keepingCapacity: 256)
        target.removeAll(keepingCapacity: 4096)
        status = 0
        contentLength = nil
        isHTTP10 = false
        endsConnection = false
        isWebSocket = false
        fields.removeAll()
    }

    /// The number of bytes of `target` before the query.
    public var pathCount: Int {
        target.bytes.firstIndex(of: UInt8(ascii: "?")) ?? target.count
    }
}

/// Used heads of one worker, kept for the next message.
public final class HeadPool {
    private var free: [Head] = []
    private let bound: Int

    /// Keeps at most `bound` heads.
    public init(bound: Int = 256) { self.bound = bound }

    public func take() -> Head { free.popLast() ?? Head() }

    public func giveBack(_ head: consuming Head) {
        guard free.count < bound else { return }
        head.reset()
        free.append(head)
    }
}
