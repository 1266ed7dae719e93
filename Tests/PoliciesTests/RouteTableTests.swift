import Chance
import HTTP
import Testing

@testable import Policies

@Suite("A route table")
struct RouteTableTests {
    static let patterns = [
        RoutePattern(.get, "/v1/models", action: 1),
        RoutePattern(.get, "/v1/models/{model}", action: 2),
        RoutePattern(.post, "/v1/chat/completions", action: 3),
        RoutePattern([.get, .post, .delete], "/v1/files/**", action: 4),
        RoutePattern(.get, "/v1/files/special", action: 5),
        RoutePattern(.get, "/v1/files/{id}/content", action: 6),
        RoutePattern(.post, "/v1/{kind}/{id}/cancel", action: 7),
        RoutePattern(.get, "/", action: 8),
        RoutePattern(.delete, "/v1/models", action: 9),
        RoutePattern(.put, "/v1/a/b/d", action: 10),
        RoutePattern(.get, "/v1/a/{x}/c", action: 11),
        RoutePattern(.get, "/v1/a/b/d/{y}", action: 12),
    ]

    func find(_ method: Method, _ path: String) throws -> Int? {
        let table = try RouteTable(Self.patterns)
        return table.find(method, path.utf8.span)
    }

    static let hits: [(Method, String, Int)] = [
        (.get, "/v1/models", 1), (.head, "/v1/models", 1), (.delete, "/v1/models", 9),
        (.get, "/v1/models/gpt-4o", 2), (.head, "/v1/models/gpt-4o", 2),
        (.get, "/v1/models/ft:gpt-4o:org::id", 2), (.get, "/v1/models/a%20b", 2),
        (.post, "/v1/chat/completions", 3), (.get, "/v1/files", 4), (.post, "/v1/files", 4),
        (.delete, "/v1/files/file-1", 4), (.get, "/v1/files/a/b/c/d", 4),
        (.get, "/v1/files/special", 5), (.delete, "/v1/files/special", 4),
        (.get, "/v1/files/file-1/content", 6), (.post, "/v1/files/file-1/content", 4),
        (.post, "/v1/batches/b1/cancel", 7), (.get, "/", 8), (.put, "/v1/a/b/d", 10),
        (.get, "/v1/a/b/c", 11), (.get, "/v1/a/b/d/e", 12),
    ]

    @Test("finds the most literal route that takes the method", arguments: hits)
    func hit(method: Method, path: String, action: Int) throws {
        #expect(try find(method, path) == action)
    }

    static let misses: [(Method, String)] = [
        (.post, "/v1/models"), (.options, "/v1/models"), (.other, "/v1/models"),
        (.get, "/v1/models/"), (.get, "/v1/models/a/b"), (.get, "/v1/chat/completions"),
        (.post, "/v1/chat/completions/"), (.post, "/V1/chat/completions"), (.put, "/v1/files/x"),
        (.get, "/v1/filesx"), (.get, "/v1/files/"), (.get, "/v1"), (.get, "/v1/"), (.get, ""),
        (.get, "v1/models"), (.get, "//v1/models"), (.get, "*"), (.get, "/v1/unknown"),
        (.post, "/v1/chat%2fcompletions"), (.post, "/v1/%63hat/completions"),
        (.post, "/v1/chat/../chat/completions"),
    ]

    @Test("finds nothing else", arguments: misses)
    func miss(method: Method, path: String) throws {
        #expect(try find(method, path) == nil)
    }

    static let doubtfulPaths = [
        "/v1/files//x", "/v1/files/x/", "/v1/files/./x", "/v1/files/.", "/v1/files/..",
        "/v1/files/../models", "/v1/files/%2e%2e/models", "/v1/files/%2E./x", "/v1/files/.%2e",
        "/v1/files/a%2fb", "/v1/files/a%2Fb", "/v1/files/a\\b", "/v1/files/a%5cb",
        "/v1/files/%252e%252e", "/v1/files/%00", "/v1/files/%0a", "/v1/files/%", "/v1/files/%2",
        "/v1/files/%zz", "/v1/files/a b", "/v1/files/a#b", "/v1/files/é", "/v1/files/\u{7f}",
        "/v1/models/..", "/v1/models/.", "/v1/models/%2e%2e", "/v1/models/a%2fb",
    ]

    @Test(
        "lets no path into a tree or a parameter that could be read in two ways",
        arguments: doubtfulPaths)
    func doubtful(path: String) throws {
        #expect(try find(.get, path) == nil)
    }

    @Test("never matches a path with an odd segment, wherever it stands", arguments: 0..<20)
    func random(seed: UInt64) throws {
        var generator = SeededRandom(seed: seed)
        let table = try RouteTable(Self.patterns + [RoutePattern(.get, "/**", action: 99)])
        let odd = ["", ".", "..", "%2e", "%2E%2e", ".%2e", "a%2fb", "\\", "a%5Cb", "%2f"]
        let plain = ["a", "v1", "files", "models", "a.b", "...", "%41", "x-y_z~", "a:b@c"]
        for _ in 0..<200 {
            var segments = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                plain.randomElement(using: &generator) ?? "a"
            }
            let good = "/" + segments.joined(separator: "/")
            let isFound = table.find(.get, good.utf8.span) != nil
            #expect(isFound, "seed \(seed): \(good)")
            let place = Int.random(in: 0...segments.count, using: &generator)
            segments.insert(odd.randomElement(using: &generator) ?? "", at: place)
            let bad = "/" + segments.joined(separator: "/")
            let action = table.find(.get, bad.utf8.span)
            #expect(action == nil, "seed \(seed): \(bad)")
        }
    }

    @Test("has room for many literals")
    func many() throws {
        let table = try RouteTable((0..<500).map { RoutePattern(.get, "/r/\($0)", action: $0) })
        for index in 0..<500 {
            let action = table.find(.get, "/r/\(index)".utf8.span)
            #expect(action == index)
        }
        let other = table.find(.get, "/r/500".utf8.span)
        #expect(other == nil)
        let empty = try RouteTable([])
        let none = empty.find(.get, "/".utf8.span)
        #expect(none == nil)
    }

    static let faults: [(String, RoutePattern.Fault)] = [
        ("v1", .notAbsolute("v1")), ("", .notAbsolute("")), ("/a//b", .badSegment("/a//b")),
        ("/a/", .badSegment("/a/")), ("/a/**/b", .badSegment("/a/**/b")),
        ("/a/../b", .badSegment("/a/../b")), ("/a/*", .badSegment("/a/*")),
        ("/a/{}/b/{x}", .badSegment("/a/{}/b/{x}")), ("/a/x{y}/{z}", .badSegment("/a/x{y}/{z}")),
        ("/a/{", .badSegment("/a/{")), ("/a%2fb", .badSegment("/a%2fb")),
    ]

    @Test("refuses a pattern that cannot mean anything", arguments: faults)
    func fault(pattern: String, fault: RoutePattern.Fault) {
        #expect(throws: fault) { try RouteTable([RoutePattern(.get, pattern, action: 0)]) }
    }

    @Test(
        "refuses two routes for one method of one pattern",
        arguments: ["/a", "/a/{x}", "/a/**"])
    func duplicate(pattern: String) throws {
        let first = RoutePattern([.get, .post], pattern, action: 0)
        #expect(throws: RoutePattern.Fault.duplicate(pattern)) {
            try RouteTable([first, RoutePattern([.post, .put], pattern, action: 1)])
        }
        _ = try RouteTable([first, RoutePattern(.put, pattern, action: 1)])
    }
}
