import HTTP

/// Which fields of an upstream's response reach the client.
public final class ResponseHeaderPolicy: Sendable {
    private enum Mode: Sendable {
        case only(NameSet)
        case allBut(NameSet)
    }

    /// Never for a client, whatever the mode: credentials and identities (an upstream may echo what
    /// it was sent), framing and what the gateway says itself.
    private static let neverIDs: [FieldName] =
        RequestHeaderPolicy.credentials + RequestHeaderPolicy.identities
        + RequestHeaderPolicy.framing + RequestHeaderPolicy.handshake + [
            .xTraceID, .traceparent, .tracestate, .xRequestID, .xShouldRetry,
        ]

    private let mode: Mode
    private let never: NameSet
    /// The name under which the upstream's `x-request-id` is kept; empty when it is not.
    private let upstreamIDName: [UInt8]

    /// Only the fields named (the BVE profile), the upstream's request id not among them.
    ///
    /// `content-encoding` passes always: without it the body is not what its type says.
    public static func only(_ names: [String], gatewayNames: [String] = []) -> Self {
        let allowed = NameSet(names + ["content-encoding"])
        return Self(.only(allowed), gatewayNames, upstreamIDName: "")
    }

    /// The list of the BVE page.
    public static let bveNames = [
        "content-type", "cache-control", "x-quota-allowed", "x-quota-available", "x-quota-reset",
    ]

    /// Everything but the fields named. The upstream's `x-request-id` becomes
    /// `x-upstream-request-id`.
    public static func allBut(
        _ names: [String] = defaultDenied, gatewayNames: [String] = []
    ) -> Self {
        Self(.allBut(NameSet(names)), gatewayNames, upstreamIDName: "x-upstream-request-id")
    }

    /// What says something about the upstream's own edge and not about the response.
    public static let defaultDenied = [
        "server", "set-cookie", "alt-svc", "via", "access-control-*", "x-ratelimit-*",
        "x-should-retry",
    ]

    /// `gatewayNames`: fields the gateway sets itself under configured names (the latency header).
    private init(_ mode: Mode, _ gatewayNames: [String], upstreamIDName: String) {
        self.mode = mode
        never = NameSet(Self.neverIDs).union(
            NameSet(
                RequestHeaderPolicy.otherCredentials + RequestHeaderPolicy.forwarding
                    + ["x-upstream-request-id"] + gatewayNames))
        self.upstreamIDName = Array(upstreamIDName.utf8)
    }

    /// Adds to `client` what may pass of `upstream`. On 429 and 503 the upstream's own
    /// `Retry-After` and `retry-after-ms` pass in every mode: the client must know when to come
    /// back.
    ///
    /// - `secret`: what the upstream alone was shown. No field that repeats it passes, whatever its
    ///   name; empty: nothing.
    public func copy(
        _ upstream: borrowing Fields, to client: inout Fields, status: Int,
        withholding secret: [UInt8] = []
    ) {
        var isIDKept = upstreamIDName.isEmpty
        var index = 0
        while index < upstream.count {
            if Self.repeats(upstream, at: index, secret) {
                index += 1
                continue
            }
            if !isIDKept, upstream.id(at: index) == .xRequestID {
                let name = upstreamIDName
                client.append(name: name.span, value: upstream.value(at: index))
                isIDKept = true
            } else if passes(upstream, at: index, status: status) {
                client.append(field: index, of: upstream)
            }
            index += 1
        }
    }

    /// For an answer of the gateway's own that stands for an upstream's 429 or 503.
    public static func copyRetryAfter(
        _ upstream: borrowing Fields, to client: inout Fields, withholding secret: [UInt8] = []
    ) {
        copyFirst(.retryAfter, upstream, to: &client, secret)
        copyFirst(.retryAfterMs, upstream, to: &client, secret)
    }

    private static func copyFirst(
        _ name: FieldName, _ upstream: borrowing Fields, to client: inout Fields,
        _ secret: [UInt8]
    ) {
        guard let index = upstream.index(of: name), !repeats(upstream, at: index, secret) else {
            return
        }
        client.append(field: index, of: upstream)
    }

    private static func repeats(
        _ fields: borrowing Fields, at index: Int, _ secret: [UInt8]
    ) -> Bool {
        !secret.isEmpty && fields.value(at: index).contains(secret.span)
    }

    /// What every SSE response says, unless the upstream has said it in its own words.
    public static func appendStreamFields(to client: inout Fields) {
        if !client.contains(.xAccelBuffering) { client.append(.xAccelBuffering, "no") }
        if !client.contains(.cacheControl) { client.append(.cacheControl, "no-cache") }
    }

    private func passes(_ fields: borrowing Fields, at index: Int, status: Int) -> Bool {
        if never.contains(fields, at: index) { return false }
        let id = fields.id(at: index)
        if status == 429 || status == 503, id == .retryAfter || id == .retryAfterMs { return true }
        return switch mode {
        case .only(let allowed): allowed.contains(fields, at: index)
        case .allBut(let denied): !denied.contains(fields, at: index)
        }
    }
}
