import Configuration
import Errors
import Foundation
import HTTP
import Policies

@testable import OpenAPI

/// Sites as the snapshot is built of them.
enum Sample {
    static func describe(_ site: SiteSettings) throws -> SiteDescription {
        try describe(site, in: .openAI(errorParam: site.errorParam))
    }

    static func describe(
        _ site: SiteSettings, in dialect: Dialect, _ configuration: Configuration = Configuration()
    ) throws -> SiteDescription {
        SiteDescription(
            site, routes: try table(of: site.routes), dialect: dialect,
            callers: Callers(site, in: configuration))
    }

    static func table(of routes: [RouteSettings]) throws -> RouteTable {
        try RouteTable(
            routes.enumerated().map { place, route in
                var methods: MethodSet = []
                for name in route.methods {
                    methods.insert(MethodSet(Method.recognise(name.utf8.span)))
                }
                return RoutePattern(methods, route.path.description, action: place)
            })
    }

    static func site(_ routes: [RouteSettings]) -> SiteSettings {
        var site = SiteSettings()
        site.routes = routes
        return site
    }

    static func route(
        _ methods: [String], _ path: String, _ body: RouteSettings.Body = .none,
        action: RouteSettings.Action = .forward
    ) -> RouteSettings {
        RouteSettings(methods, PathPattern(path) ?? .root, body: body, action: action)
    }

    /// `GET /path` → the pattern of the route that takes it.
    static func table(_ description: SiteDescription) -> [String: String] {
        var found: [String: String] = [:]
        for (template, operations) in description.operations {
            for operation in operations {
                found["\(operation.method.text) \(template.text)"] =
                    operation.route.path.description
            }
        }
        return found
    }

    static func operation(
        _ description: SiteDescription, _ method: Method, _ path: String
    ) -> OpenAPI.Operation? {
        description.operations.first { $0.template.text == path }?.operations
            .first { $0.method == method }
    }

    /// A document that was parsed, and where in it to look.
    struct Parsed {
        let root: Any

        init(_ bytes: [UInt8]) throws {
            root = try JSONSerialization.jsonObject(with: Data(bytes))
        }

        subscript(path: String...) -> Any? { self[path] }

        subscript(path: [String]) -> Any? {
            path.reduce(root) { node, name in (node as? [String: Any])?[name] as Any }
        }
    }
}
