/// Request fields that no setting may write, because somebody else answers for them.
enum ReservedFields {
    /// Without them nobody can read what a request carries.
    static let needed = ["content-type", "content-encoding"]

    private static let credentials: Set<String> = [
        "authorization", "proxy-authorization", "x-api-key", "api-key", "cookie", "cookie2",
        "x-goog-api-key", "ocp-apim-subscription-key", "x-amz-security-token", "x-admin-secret",
        "x-auth-token", "x-access-token",
    ]
    private static let framing: Set<String> = [
        "connection", "content-length", "expect", "host", "http2-settings", "keep-alive",
        "proxy-authenticate", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "content-type", "content-encoding", "accept-encoding",
    ]
    private static let own: Set<String> = [
        "x-request-id", "x-trace-id", "traceparent", "tracestate", "x-tenant-id", "x-project-id",
        "x-end-user-id", "x-role", "x-tier", "forwarded", "x-real-ip", "true-client-ip",
    ]

    private static let ownBeginnings = ["x-forwarded-", "sec-websocket-"]

    static func isFraming(_ name: String) -> Bool { framing.contains(name) }

    /// Who answers for the field; nil: it is free. `name` is in lower case.
    static func owner(of name: String) -> String? {
        if credentials.contains(name) { return "what an upstream is shown is its credential" }
        if framing.contains(name) { return "it belongs to the message that carries it" }
        let isOwn = own.contains(name) || ownBeginnings.contains { name.hasPrefix($0) }
        return isOwn ? "the gateway says it itself" : nil
    }
}
