import Kernel

/// The field names the gateway itself acts on (RFC 9110 and friends); every other name is `.other`.
///
/// A name is recognised once, when its field is stored; from then on looking for it compares one
/// byte.
public enum FieldName: UInt8, CaseIterable, Sendable {
    case other
    case accept, accessControlRequestHeaders, accessControlRequestMethod, acceptEncoding,
        acceptLanguage, altSvc, apiKey, authorization, cacheControl
    case connection, contentEncoding, contentLength, contentType, cookie, date, expect, forwarded
    case host, ifNoneMatch, keepAlive, location, openAIBeta, origin, proxyAuthenticate
    case proxyAuthorization, proxyConnection, retryAfter, retryAfterMs, secWebSocketAccept,
        secWebSocketExtensions
    case secWebSocketKey, secWebSocketProtocol, secWebSocketVersion
    case server, setCookie, te, traceparent, tracestate
    case trailer, transferEncoding, upgrade, userAgent, via, xAccelBuffering, xApiKey, xEndUserID
    case xForwardedFor, xForwardedHost, xForwardedProto, xProjectID
    case xRateLimitLimitRequests, xRateLimitRemainingRequests, xRateLimitResetRequests
    case xRequestID, xRole, xShouldRetry
    case xTenantID, xTier, xTraceID

    /// The name on the wire, in lower case. Empty for `.other`.
    public var text: StaticString {
        switch self {
        case .other: ""
        case .accept: "accept"
        case .accessControlRequestHeaders: "access-control-request-headers"
        case .accessControlRequestMethod: "access-control-request-method"
        case .acceptEncoding: "accept-encoding"
        case .acceptLanguage: "accept-language"
        case .altSvc: "alt-svc"
        case .apiKey: "api-key"
        case .authorization: "authorization"
        case .cacheControl: "cache-control"
        case .connection: "connection"
        case .contentEncoding: "content-encoding"
        case .contentLength: "content-length"
        case .contentType: "content-type"
        case .cookie: "cookie"
        case .date: "date"
        case .expect: "expect"
        case .forwarded: "forwarded"
        case .host: "host"
        case .ifNoneMatch: "if-none-match"
        case .keepAlive: "keep-alive"
        case .location: "location"
        case .openAIBeta: "openai-beta"
        case .origin: "origin"
        case .proxyAuthenticate: "proxy-authenticate"
        case .proxyAuthorization: "proxy-authorization"
        case .proxyConnection: "proxy-connection"
        case .retryAfter: "retry-after"
        case .retryAfterMs: "retry-after-ms"
        case .secWebSocketAccept: "sec-websocket-accept"
        case .secWebSocketExtensions: "sec-websocket-extensions"
        case .secWebSocketKey: "sec-websocket-key"
        case .secWebSocketProtocol: "sec-websocket-protocol"
        case .secWebSocketVersion: "sec-websocket-version"
        case .server: "server"
        case .setCookie: "set-cookie"
        case .te: "te"
        case .traceparent: "traceparent"
        case .tracestate: "tracestate"
        case .trailer: "trailer"
        case .transferEncoding: "transfer-encoding"
        case .upgrade: "upgrade"
        case .userAgent: "user-agent"
        case .via: "via"
        case .xAccelBuffering: "x-accel-buffering"
        case .xApiKey: "x-api-key"
        case .xEndUserID: "x-end-user-id"
        case .xForwardedFor: "x-forwarded-for"
        case .xForwardedHost: "x-forwarded-host"
        case .xForwardedProto: "x-forwarded-proto"
        case .xProjectID: "x-project-id"
        case .xRateLimitLimitRequests: "x-ratelimit-limit-requests"
        case .xRateLimitRemainingRequests: "x-ratelimit-remaining-requests"
        case .xRateLimitResetRequests: "x-ratelimit-reset-requests"
        case .xRequestID: "x-request-id"
        case .xRole: "x-role"
        case .xShouldRetry: "x-should-retry"
        case .xTenantID: "x-tenant-id"
        case .xTier: "x-tier"
        case .xTraceID: "x-trace-id"
        }
    }

    /// The name spelled by `bytes`, in any case of letters.
    public static func recognise(_ bytes: Span<UInt8>) -> FieldName {
        guard bytes.count >= 2, bytes.count <= longest else { return .other }
        var candidate = Int(table[slot(bytes)])
        while candidate != 0 {
            let name = FieldName(rawValue: UInt8(candidate))!
            if bytes.equalsIgnoringCase(name.text) { return name }
            candidate = Int(next[candidate])
        }
        return .other
    }

    private static let longest = 30

    /// Chained hash of the names by length, first and last letter: `table` holds the first
    /// candidate of a slot, `next` the one after a candidate; 0 ends a chain (`.other` is never a
    /// candidate).
    private static let table: [UInt8] = makeIndex().table
    private static let next: [UInt8] = makeIndex().next

    private static func slot(_ bytes: Span<UInt8>) -> Int {
        let first = Int(bytes[0] | 0x20)
        let last = Int(bytes[bytes.count - 1] | 0x20)
        return (bytes.count &* 7 &+ first &* 3 &+ last &* 11) & 127
    }

    private static func makeIndex() -> (table: [UInt8], next: [UInt8]) {
        var table = [UInt8](repeating: 0, count: 128)
        var next = [UInt8](repeating: 0, count: allCases.count)
        for name in allCases where name != .other {
            var text = ByteBuffer()
            text.append(name.text)
            let slot = slot(text.bytes)
            next[Int(name.rawValue)] = table[slot]
            table[slot] = name.rawValue
        }
        return (table, next)
    }
}
