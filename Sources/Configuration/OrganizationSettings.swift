/// A tenant and its projects.
public struct OrganizationSettings: Sendable {
    /// Whether it may use the gateway at all.
    public enum Status: String, Sendable, CaseIterable {
        case active, suspended
    }

    public var id = ""
    public var name = ""
    public var status = Status.active
    public var killed = false
    public var projects: [ProjectSettings] = []

    public init() {}
}
