import HTTP

/// Which fields of a client's request go upstream: all but those the gateway answers for itself.
///
/// The operator's credential, the ids, the forwarding fields and the framing are written by others
/// after this; whatever a client sent under those names is never among them.
public final class RequestHeaderPolicy: Sendable {
    /// The rest of the setting that differs between routes and requests.
    public struct Options: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Accept-Encoding goes along. Not on JSON and SSE routes: the gateway reads those replies,
        /// and compression delays events.
        public static let acceptEncoding = Options(rawValue: 1)
        /// `tracestate` goes along: only with a valid `traceparent` (W3C Trace Context section
        /// 3.3).
        public static let tracestate = Options(rawValue: 2)
    }

    /// Who the caller is, to this gateway or to anybody else.
    static let credentials: [FieldName] = [
        .authorization, .proxyAuthorization, .xApiKey, .apiKey, .cookie,
    ]
    /// Credentials under names of other vendors' APIs.
    static let otherCredentials = [
        "x-goog-api-key", "ocp-apim-subscription-key", "x-amz-security-token", "x-admin-secret",
        "x-auth-token", "x-access-token", "cookie2",
    ]
    static let identities: [FieldName] = [.xTenantID, .xProjectID, .xEndUserID, .xRole, .xTier]
    /// Set from the connection, or not at all.
    static let forwarding = ["forwarded", "x-forwarded-*", "x-real-ip", "true-client-ip"]
    /// Framing, and what concerns one connection only (RFC 9110 section 7.6.1). The codecs have
    /// taken most of it already; here it is a second lock.
    static let framing: [FieldName] = [
        .connection, .contentLength, .expect, .host, .keepAlive, .proxyAuthenticate,
        .proxyConnection, .te, .trailer, .transferEncoding, .upgrade,
    ]
    /// Where a WebSocket is opened `WebSocketHandshake` says what is said of them; elsewhere they
    /// have no meaning, and may hold a browser's key.
    static let handshake: [FieldName] = [
        .secWebSocketAccept, .secWebSocketExtensions, .secWebSocketKey, .secWebSocketProtocol,
        .secWebSocketVersion,
    ]
    static let own: [FieldName] = [.xRequestID, .xTraceID, .traceparent]

    private let dropped: NameSet
    /// Fields of the operator's.
    private let set: Fields

    /// - `additionallyDropped`: further names, in any case; one that ends in `*` is a beginning.
    /// - `set`: goes along with every request, in place of what a client sent under the names.
    public init(additionallyDropped: [String] = [], set: consuming Fields = Fields()) {
        let ids = Self.credentials + Self.identities + Self.framing + Self.handshake + Self.own
        let texts = Self.otherCredentials + Self.forwarding + additionallyDropped
        dropped = NameSet(ids).union(NameSet(texts))
        self.set = set
    }

    /// Adds to `upstream` what may pass of `client`, and the operator's own.
    public func copy(
        _ client: borrowing Fields, to upstream: inout Fields, _ options: Options = []
    ) {
        var index = 0
        while index < client.count {
            if passes(client, at: index, options) { upstream.append(field: index, of: client) }
            index += 1
        }
        if set.count > 0 { upstream.append(set) }
    }

    private func passes(_ fields: borrowing Fields, at index: Int, _ options: Options) -> Bool {
        switch fields.id(at: index) {
        case .acceptEncoding where !options.contains(.acceptEncoding): false
        case .tracestate where !options.contains(.tracestate): false
        default: !dropped.contains(fields, at: index)
        }
    }
}
