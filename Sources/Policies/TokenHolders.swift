import Errors
import HTTP
import Kernel

/// Whom one issuer's tokens speak for: claims become a principal with the project, the tier and the
/// limits that they name.
public final class TokenHolders: Sendable {
    private let issuer: String
    private let directory: Directory
    private let meters: MeterTable
    /// Of each user where there are no projects.
    private let userLimits: RequestLimits
    private let userTokens: TokenLimits

    public init(
        issuer: String, directory: Directory, meters: MeterTable,
        userLimits: RequestLimits = .unlimited, userTokens: TokenLimits = .unlimited
    ) {
        self.issuer = issuer
        self.directory = directory
        self.meters = meters
        self.userLimits = userLimits
        self.userTokens = userTokens
    }

    /// Whom `claims` speak for. A token of a project or tenant that is not known here is as good as
    /// none.
    public func principal(of claims: TokenClaims) throws(GatewayError) -> Principal {
        let project = try project(of: claims)
        let tier = claims.tier.flatMap { name in project?.tier(name.span) }
        var gates = project.map { [$0.gate] } ?? []
        if let user = claims.user {
            gates.append(try gate(of: user, in: project, tier))
        }
        return Principal(
            id: Self.name(claims, project), project: project,
            role: Self.text(claims.role), scopes: claims.scopes.map { Self.text($0) },
            gates: Gates(gates), identityFields: Self.identityFields(of: claims))
    }

    private func project(of claims: TokenClaims) throws(GatewayError) -> Project? {
        if directory.projects.isEmpty { return nil }
        guard let id = claims.project, let project = directory.project(id: id.span) else {
            throw .invalidToken("token_unknown_project")
        }
        if let tenant = claims.tenant,
            !tenant.span.equals(project.organization.id.utf8.span)
        {
            throw .invalidToken("token_foreign_project")
        }
        return project
    }

    private func gate(
        of user: [UInt8], in project: Project?, _ tier: Tier?
    ) throws(GatewayError) -> Gate {
        let limits = tier?.limits ?? project?.userLimits ?? userLimits
        do throws(MeterTable.Full) {
            let subject = MeterTable.Subject.user(project: project?.id ?? issuer, user)
            return Gate(
                limits, tokens: tier?.tokens ?? project?.userTokens ?? userTokens,
                try meters.meter(for: subject), of: .user, tier: tier?.name)
        } catch {
            throw .overloaded(retryAfterSeconds: 60)
        }
    }

    /// For the log.
    private static func name(_ claims: TokenClaims, _ project: Project?) -> String {
        let user = claims.user.map { text($0) }
        return [project?.id, user].compactMap { $0 }.joined(separator: "/")
    }

    private static func identityFields(of claims: TokenClaims) -> Fields {
        var fields = Fields()
        append(.xTenantID, claims.tenant, to: &fields)
        append(.xProjectID, claims.project, to: &fields)
        append(.xEndUserID, claims.user, to: &fields)
        append(.xRole, claims.role, to: &fields)
        append(.xTier, claims.tier, to: &fields)
        return fields
    }

    private static func append(_ name: FieldName, _ value: [UInt8]?, to fields: inout Fields) {
        guard let value, value.span.isFieldContent else { return }
        fields.append(name, value.span)
    }

    private static func text(_ bytes: [UInt8]?) -> String { bytes?.span.text ?? "" }
}
