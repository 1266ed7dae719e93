/// What is measured apart: the routes of the sites and the upstreams, by number.
public struct MetricSubjects: Sendable {
    /// The routes and the sites they belong to. The first is for requests for which no site was
    /// found.
    public private(set) var routes: [(site: String, route: String)] = [("", "")]
    public let upstreams: [String]
    /// How many routes there may be; nil: nobody has set a bound yet.
    public private(set) var bound: Int?

    public init(upstreams: [String]) { self.upstreams = upstreams }

    /// The number of a route; routes of one site with one pattern are one. An empty `route`:
    /// requests of the site that match none.
    public mutating func add(site: String, route: String) -> Int {
        if let known = routes.firstIndex(where: { $0 == (site, route) }) { return known }
        guard let bound, routes.count >= bound - 1 else {
            routes.append((site, route))
            return routes.count - 1
        }
        if routes.count < bound { routes.append(("other", "other")) }
        return bound - 1
    }

    /// Leaves room for so many routes that come later, and for one that stands for all beyond.
    public mutating func reserve(_ count: Int) { bound = routes.count + count + 1 }
}
