/// Which claims of an issuer's tokens say who the caller is. An empty name: no claim does.
public struct ClaimMap: Sendable {
    public var tenant = Array("tid".utf8)
    public var project = Array("pid".utf8)
    public var user = Array("uid".utf8)
    public var role = Array("role".utf8)
    /// Where tokens lack it, `scope` (RFC 8693 section 4.2) is looked at too.
    public var scopes = Array("scp".utf8)
    public var tier = Array("tier".utf8)
    public var session = Array("sid".utf8)

    public init() {}
}
