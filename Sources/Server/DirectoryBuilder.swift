import Configuration
import HTTP
import Policies

/// Makes the organizations, projects and principals of a snapshot.
struct DirectoryBuilder {
    let directory: Directory
    private let organizations: [String: Organization]
    private let projects: [String: Project]
    private let meters: MeterTable

    init(_ configuration: Configuration, meters: MeterTable) throws(StartFault) {
        var organizations: [String: Organization] = [:]
        var projects: [Project] = []
        for settings in configuration.organizations {
            let organization = Organization(
                id: settings.id, isSuspended: settings.status == .suspended,
                isKilled: settings.killed)
            organizations[settings.id] = organization
            for project in settings.projects {
                projects.append(try Self.project(project, organization, meters))
            }
        }
        self.organizations = organizations
        self.projects = [String: Project](uniqueKeysWithValues: projects.map { ($0.id, $0) })
        self.meters = meters
        directory = Directory(projects: projects, isKilled: configuration.killed)
    }

    private static func project(
        _ settings: ProjectSettings, _ organization: Organization, _ meters: MeterTable
    ) throws(StartFault) -> Project {
        let limits = RequestLimits(
            perMinute: settings.requestsPerMinute, perDay: settings.requestsPerDay,
            minuteKind: .calendarMinute)
        let tenth = settings.requestsPerMinute.map { max(3, $0 / 10) }
        let userLimits = RequestLimits(
            perMinute: settings.userRequestsPerMinute ?? tenth, minuteKind: .calendarMinute)
        return Project(
            id: settings.id, slug: settings.slug ?? "", organization: organization,
            isSuspended: settings.status == .suspended, isKilled: settings.killed,
            gate: Gate(
                limits,
                tokens: TokenLimits(
                    perDay: settings.tokensPerDay, perMonth: settings.tokensPerMonth),
                try meter(.project(settings.id), meters), of: .project),
            userLimits: userLimits, userTokens: userTokens(settings),
            tiers: settings.tiers.map { tier($0, userLimits, userTokens(settings)) },
            crossOrigin: settings.crossOrigin.map(CrossOriginPolicy.init), model: settings.model)
    }

    private static func userTokens(_ settings: ProjectSettings) -> TokenLimits {
        TokenLimits(perDay: settings.userTokensPerDay, perMonth: settings.userTokensPerMonth)
    }

    private static func tier(
        _ settings: TierSettings, _ user: RequestLimits, _ userTokens: TokenLimits
    ) -> Tier {
        var limits = user
        if let perMinute = settings.requestsPerMinute { limits.perMinute = perMinute }
        if let perDay = settings.requestsPerDay { limits.perDay = perDay }
        var tokens = userTokens
        if let perDay = settings.tokensPerDay { tokens.perDay = perDay }
        if let perMonth = settings.tokensPerMonth { tokens.perMonth = perMonth }
        return Tier(name: settings.name, number: settings.number, limits: limits, tokens: tokens)
    }

    /// Whom a key stands for.
    func principal(
        _ key: KeyEntry, _ minute: RequestLimits.MinuteKind, limitsTokens: Bool
    ) throws(StartFault) -> Principal {
        let limits = RequestLimits(
            perMinute: key.limits.requestsPerMinute, perDay: key.limits.requestsPerDay,
            perMonth: key.limits.requestsPerMonth, minuteKind: minute)
        let tokens = TokenLimits(perMonth: limitsTokens ? key.limits.tokensPerMonth : nil)
        let own = Gate(limits, tokens: tokens, try Self.meter(.key(key.id), meters))
        let project = key.project.flatMap { projects[$0] }
        let organization = key.organization.flatMap { organizations[$0] } ?? project?.organization
        return Principal(
            id: key.id, organization: organization, project: project, role: key.role ?? "",
            scopes: key.scopes, allowedModels: key.allowedModels.map { ModelSet($0) },
            gates: Gates((project.map { [$0.gate] } ?? []) + [own]),
            identityFields: Self.identityFields(organization, project, role: key.role))
    }

    private static func identityFields(
        _ organization: Organization?, _ project: Project?, role: String?
    ) -> Fields {
        var fields = Fields()
        if let organization { fields.append(.xTenantID, organization.id.utf8.span) }
        if let project { fields.append(.xProjectID, project.id.utf8.span) }
        if let role { fields.append(.xRole, role.utf8.span) }
        return fields
    }

    private static func meter(
        _ subject: MeterTable.Subject, _ meters: MeterTable
    ) throws(StartFault) -> Meter {
        do throws(MeterTable.Full) {
            return try meters.meter(for: subject)
        } catch {
            throw StartFault("limits.meters is \(error.bound), and there are more to be counted")
        }
    }
}
