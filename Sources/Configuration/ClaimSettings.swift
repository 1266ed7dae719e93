/// Which claims of a token say who the caller is; nil: none does.
public struct ClaimSettings: Sendable, Equatable {
    public var tenant: String? = "tid"
    public var project: String? = "pid"
    public var user: String? = "uid"
    public var role: String? = "role"
    public var scopes: String? = "scp"
    public var tier: String? = "tier"
    public var session: String? = "sid"

    public init() {}
}
