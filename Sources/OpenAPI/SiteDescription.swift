import Configuration
import Errors
import HTTP
import Kernel
import Policies

/// What a site serves, in the words of OpenAPI 3.1.
///
/// Every operation is asked of the route table that answers the requests, so the document says of
/// a path what the site does with it, whatever patterns overlap. It is rendered once and grows with
/// the number of routes only. Nothing in it tells of keys, upstreams or addresses.
public struct SiteDescription {
    let site: SiteSettings
    let dialect: Dialect
    let callers: Callers
    let operations: [(template: PathTemplate, operations: [Operation])]

    /// - `routes`: compiled of `site.routes`; answers with their places.
    /// - `callers`: of `site`.
    public init(
        _ site: SiteSettings, routes: RouteTable, dialect: Dialect, callers: Callers
    ) {
        self.callers = callers
        self.site = site
        self.dialect = dialect
        var known: Set<String> = []
        operations = site.routes.flatMap { PathTemplate.all(for: $0.path) }.compactMap { template in
            guard known.insert(template.hierarchy).inserted else { return nil }
            let found = Self.operations(of: template, site, routes, dialect, callers)
            return found.isEmpty ? nil : (template, found)
        }
    }

    /// A parameter in braces matches itself and no literal, so the text of a template finds what
    /// the table does with its other paths.
    private static func operations(
        of template: PathTemplate, _ site: SiteSettings, _ routes: RouteTable, _ dialect: Dialect,
        _ callers: Callers
    ) -> [Operation] {
        Method.allCases.compactMap { method in
            guard let place = routes.find(method, template.text.utf8.span) else { return nil }
            let route = site.routes[place]
            return Operation(
                method: method, template: template, route: route,
                bodyLimit: route.bodyLimitBytes ?? site.bodyLimitBytes, dialect: dialect,
                callers: callers)
        }
    }

    /// The document as JSON.
    public func render(version: String) -> [UInt8] {
        let document: JSONNode = [
            "openapi": "3.1.0",
            "info": [
                "title": .string(title), "version": .string(version),
                "description": .string(Self.preface),
            ],
            "servers": [["url": "/"]],
            "security": security,
            "paths": .object(operations.map { ($0.template.text, pathItem($0)) }),
            "components": components,
        ]
        var output = ByteBuffer(capacity: 65_536)
        document.write(into: &output)
        return Array(output.text.utf8)
    }

    private var title: String {
        switch site.dialect {
        case .openai: "Gatehouse"
        case .bve: "BVE Gateway"
        case .behest, .behestAdmin: "Behest"
        case .onecli, .onecliObject, .onecliGateway: "OneCLI"
        case .devsphere: "DevSphere"
        }
    }

    private static let preface = """
        What this site serves, made from its route table. Every other path and method is refused \
        as not found, only a CORS preflight (OPTIONS) answered 204, on every path.

        A path parameter is one segment. Where `x-gatehouse-tree` stands it is everything below, \
        slashes included.

        Requests and answers pass as they are: what a body has to say, and what an answer below \
        500 says, is the upstream's. The gateway's own errors have the form of `ErrorEnvelope`; \
        an error that the upstream words below 500 passes as it is.

        Every answer carries `x-request-id` and `X-Trace-Id`. HEAD is answered wherever GET is.
        """

    private func pathItem(
        _ item: (template: PathTemplate, operations: [Operation])
    ) -> JSONNode {
        let parameters = item.template.parameters.map(\.node)
        return .object(
            (parameters.isEmpty ? [] : [("parameters", .array(parameters))])
                + item.operations.map { ($0.method.text.description.lowercased(), $0.node) })
    }
}
