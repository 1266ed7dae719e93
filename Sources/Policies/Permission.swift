import Errors

/// What a route demands of its callers beside an identity.
public struct Permission: Sendable {
    /// Exactly this scope; nil: none. No scope implies another.
    public let scope: String?
    /// One of these; empty: any.
    public let roles: [String]

    public init(scope: String? = nil, roles: [String] = []) {
        self.scope = scope
        self.roles = roles
    }

    public static let none = Permission()

    func refusal(of principal: Principal) -> GatewayError? {
        if let scope, !principal.scopes.contains(scope) { return .insufficientScope(need: scope) }
        if !roles.isEmpty, !roles.contains(principal.role) { return .insufficientRole }
        return nil
    }
}
