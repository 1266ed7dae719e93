import YAML

extension ValueKind where Value == [RouteSettings] {
    /// `all`, a preset's name, a list of routes, or a section with a preset and additions. The
    /// routes the site starts from are its dialect's.
    static var routes: ValueKind {
        let names = ["all"] + RoutePreset.allCases.map(\.rawValue)
        let list = ValueKind.list(of: ValueKind<RouteSettings>.section, minimum: 1)
        let words = names.map { "`\($0)`" }.joined(separator: ", ")
        return ValueKind(
            name: "\(words), a list of routes, or a section",
            read: { node, current, reader in
                switch node.value {
                case .sequence: return list.read(node, nil, &reader)
                case .mapping:
                    var routes = RouteList()
                    reader.read(node, into: &routes)
                    return routes.over(routes.preset?.routes ?? current ?? [])
                case .scalar("all", _): return RoutePreset.openai.routes
                case .scalar(let name, _):
                    if let preset = RoutePreset(rawValue: name) { return preset.routes }
                    reader.reportUnknown(node, among: names, expected: "one of \(words)")
                    return nil
                }
            },
            write: { routes in
                RoutePreset.allCases.first { $0.routes == routes }.map(\.rawValue) ?? ""
            }, section: RouteList.self)
    }
}
