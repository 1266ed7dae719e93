/// What a kill switch that is on has switched off.
public enum KillLevel: UInt8, CaseIterable, Sendable {
    case everything, organization, project

    public var logReason: StaticString {
        switch self {
        case .everything: "everything"
        case .organization: "organization"
        case .project: "project"
        }
    }
}
