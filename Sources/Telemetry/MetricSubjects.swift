/// What is measured apart: the routes of the sites and the upstreams, by number.
public struct MetricSubjects: Sendable {
    /// The routes and the sites they belong to. The first is for requests for which no site was
    /// found.
    public private(set) var routes: [(site: String, route: String)] = [("", "")]
    public private(set) var upstreams: [String]
    /// How many of each there may be; nil: nobody has set a bound yet.
    public private(set) var bounds: (routes: Int, upstreams: Int)?

    public init(upstreams: [String] = []) { self.upstreams = upstreams }

    /// The number of a route; routes of one site with one pattern are one. An empty `route`:
    /// requests of the site that match none.
    public mutating func add(site: String, route: String) -> Int {
        if let known = routes.firstIndex(where: { $0 == (site, route) }) { return known }
        guard let bound = bounds?.routes, routes.count >= bound - 1 else {
            routes.append((site, route))
            return routes.count - 1
        }
        if routes.count < bound { routes.append(("other", "other")) }
        return bound - 1
    }

    /// The number of the upstream of that name.
    public mutating func add(upstream: String) -> Int {
        if let known = upstreams.firstIndex(of: upstream) { return known }
        guard let bound = bounds?.upstreams, upstreams.count >= bound - 1 else {
            upstreams.append(upstream)
            return upstreams.count - 1
        }
        if upstreams.count < bound { upstreams.append("other") }
        return bound - 1
    }

    /// Leaves room for so many that come later, and for one of each that stands for all beyond.
    public mutating func reserve(routes: Int, upstreams: Int) {
        bounds = (self.routes.count + routes + 1, self.upstreams.count + upstreams + 1)
    }
}
