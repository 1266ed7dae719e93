import Chance
import Configuration
import HTTP
import Testing

@testable import OpenAPI

/// Random route tables: the document has an operation exactly where the table has a route.
@Suite("A description and its route table") struct RouteGameTests {
    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    @Test("agree about every path that a template stands for", arguments: 1...200)
    func agree(seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed))
        var taken: Set<String> = []
        var routes: [RouteSettings] = []
        for _ in 0..<random.below(12) + 1 {
            let path = path(&random)
            let shape = path.replacing(#/{[a-z]+}/#, with: "{}")
            let free = Self.methods.filter { taken.insert("\($0) \(shape)").inserted }
            let chosen = free.filter { _ in random.isLucky(1, in: 2) }
            if !chosen.isEmpty { routes.append(Sample.route(chosen, path, .stream)) }
        }
        let table = try Sample.table(of: routes)
        let described = try Sample.describe(Sample.site(routes))
        for template in routes.flatMap({ PathTemplate.all(for: $0.path) }) {
            // A word that is no literal of the game.
            let path = template.text.replacing(#/{[a-z_]+}/#, with: "word")
            let known = described.operations.first { $0.template.hierarchy == template.hierarchy }
            for method in Method.allCases {
                let expected = table.find(method, path.utf8.span).map { routes[$0] }
                let found = known?.operations.first { $0.method == method }?.route
                #expect(found == expected, "seed \(seed): \(method.text) \(path)")
            }
        }
    }

    private func path(_ random: inout SeededRandom) -> String {
        var path = ""
        for _ in 0..<random.below(3) + 1 {
            path += random.pick(["/a", "/b", "/{}"])
        }
        let names = ["{x}", "{y}", "{z}"]
        for name in names {
            if let place = path.firstRange(of: "{}") { path.replaceSubrange(place, with: name) }
        }
        return random.isLucky(1, in: 4) ? path + "/**" : path
    }
}
