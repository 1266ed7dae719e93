import Errors
import HTTP
import Kernel

/// Who a caller turned out to be: the holder of a key, or the one a token speaks for.
public final class Principal: Sendable {
    /// Stands in the access log: the id of the key, or of the project and its user.
    public let id: String
    /// nil: it belongs to nobody in particular.
    public let organization: Organization?
    public let project: Project?
    /// Empty: none.
    public let role: String
    /// What it may do, as routes name it.
    public let scopes: [String]
    /// nil: every model.
    public let allowedModels: ModelSet?
    public let gates: Gates
    /// What upstreams are told of it where the site wants them to know: fields that no client can
    /// set.
    public let identityFields: Fields

    public init(
        id: String, organization: Organization? = nil, project: Project? = nil, role: String = "",
        scopes: [String] = [], allowedModels: ModelSet? = nil, gates: Gates = .none,
        identityFields: consuming Fields = Fields()
    ) {
        self.id = id
        self.organization = organization ?? project?.organization
        self.project = project
        self.role = role
        self.scopes = scopes
        self.allowedModels = allowedModels
        self.gates = gates
        self.identityFields = identityFields
    }

    public func allows(model: Span<UInt8>) -> Bool {
        guard let allowedModels else { return true }
        return allowedModels.contains(model)
    }

    /// Why a request of this caller may not go on, whatever its limits say; nil: it may. The order
    /// is the contract's: whom it belongs to, where it went, what is switched off, what it may do.
    ///
    /// - `addressed`: the project that the host name stands for; nil: it stands for none.
    public func refusal(
        addressing addressed: Project?, in directory: Directory, demanding permission: Permission
    ) -> GatewayError? {
        if project?.isSuspended == true { return .suspendedProject }
        if organization?.isSuspended == true { return .suspendedOrganization }
        if let addressed, !belongs(to: addressed) { return .otherTenant }
        if directory.isKilled { return .killed(.everything) }
        if (organization ?? addressed?.organization)?.isKilled == true {
            return .killed(.organization)
        }
        if (project ?? addressed)?.isKilled == true { return .killed(.project) }
        return permission.refusal(of: self)
    }

    /// A caller of the whole organization belongs to each of its projects; one of nobody, to all.
    private func belongs(to addressed: Project) -> Bool {
        if let project { return project.id == addressed.id }
        guard let organization else { return true }
        return organization.id == addressed.organization.id
    }
}
