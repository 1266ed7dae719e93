import Kernel

/// The organizations and projects that credentials and host names speak of.
public final class Directory: Sendable {
    /// The kill switch of everything is on.
    public let isKilled: Bool
    public let projects: [Project]
    private let slugs: NameTable
    private let ids: NameTable

    public init(projects: [Project] = [], isKilled: Bool = false) {
        self.projects = projects
        self.isKilled = isKilled
        slugs = NameTable(projects.map { Array($0.slug.utf8) }, ignoringCase: true)
        ids = NameTable(projects.map { Array($0.id.utf8) })
    }

    /// The project whose host name has that label; letters in any case.
    public func project(slug: Span<UInt8>) -> Project? { slugs.find(slug).map { projects[$0] } }

    public func project(id: Span<UInt8>) -> Project? { ids.find(id).map { projects[$0] } }
}
