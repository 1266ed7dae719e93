import Errors
import HTTP
import Kernel
import Policies

/// Which site answers for a host name.
public final class SiteDirectory: Sendable {
    /// What was found for an authority.
    public struct Place: Sendable {
        public let site: Site
        /// Where in the authority the label stands that the site's `*` took; nil: it has none.
        public let label: Range<Int>?
    }

    private let sites: [Site]
    private let names: NameTable
    private let wildcardSites: [Site]
    /// What stands behind `*.`.
    private let wildcards: NameTable
    /// The site of every host that is not listed; nil: such a host is refused.
    public let fallback: Site?
    /// For what fails before its site is known: the words of the site of every host, or those on
    /// which all sites agree, else OpenAI's.
    let commonDialect: Dialect

    /// `hosts`: names in lower case without a port; `*.` in front stands for one label.
    public init(hosts: [(name: String, site: Site)], fallback: Site?) {
        let patterns = hosts.filter { $0.name.hasPrefix("*.") }
        let exact = hosts.filter { !$0.name.hasPrefix("*.") }
        sites = exact.map(\.site)
        names = NameTable(exact.map { Array($0.name.utf8) }, ignoringCase: true)
        wildcardSites = patterns.map(\.site)
        wildcards = NameTable(
            patterns.map { Array($0.name.utf8.dropFirst(2)) }, ignoringCase: true)
        self.fallback = fallback
        let first = fallback?.dialect ?? hosts.first?.site.dialect
        let isCommon = fallback != nil || hosts.allSatisfy { $0.site.dialect == first }
        commonDialect = isCommon ? first ?? .openAI(errorParam: true) : .openAI(errorParam: true)
    }

    /// The site for an authority (host and optional port, RFC 3986 section 3.2): of the exact name,
    /// else of the pattern, else of every other host.
    public func find(_ authority: borrowing ByteBuffer) -> Place? {
        if sites.isEmpty, wildcardSites.isEmpty { return others }
        let host = authority.slice(0..<hostCount(authority.bytes))
        if let index = names.find(host) { return Place(site: sites[index], label: nil) }
        if let dot = host.firstIndex(of: UInt8(ascii: ".")), dot > 0,
            let index = wildcards.find(host.extracting(dot + 1..<host.count))
        {
            return Place(site: wildcardSites[index], label: 0..<dot)
        }
        return others
    }

    private var others: Place? { fallback.map { Place(site: $0, label: nil) } }

    private func hostCount(_ authority: Span<UInt8>) -> Int {
        let start =
            authority.count > 0 && authority[0] == UInt8(ascii: "[")
            ? authority.firstIndex(of: UInt8(ascii: "]")) ?? 0 : 0
        return authority.firstIndex(of: UInt8(ascii: ":"), from: start) ?? authority.count
    }
}
