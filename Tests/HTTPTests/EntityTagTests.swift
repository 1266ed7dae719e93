import Chance
import Kernel
import Testing

@testable import HTTP

@Suite("If-None-Match") struct EntityTagTests {
    private func names(_ tag: String, _ values: [String]) -> Bool {
        var fields = Fields()
        for value in values {
            fields.append(name: "If-None-Match".utf8.span, value: value.utf8.span)
        }
        return fields.ifNoneMatch(names: tag.utf8.span)
    }

    @Test(
        "names the tag alone, in a list, weakly, in a second field, or as whatever there is",
        arguments: [
            ["\"a\""], ["\"b\", \"a\""], ["\"a\",\"b\""], ["W/\"a\""], ["\"b\"", "\"a\""], ["*"],
            ["\"b,\" , ,\"a\""], ["\"x\\\", \"a\""],
        ])
    func named(values: [String]) {
        #expect(names("\"a\"", values))
    }

    @Test(
        "names nothing else",
        arguments: [
            [], [""], ["\"b\""], ["a"], ["\"a"], ["\"A\""], ["w/\"a\""], ["W/"], ["W"], ["\"aa\""],
            ["\"b\" * \"a\""], ["*, \"b\""], ["\""], ["\"ab\", a"], ["\"b, \"a\""],
        ])
    func notNamed(values: [String]) {
        #expect(!names("\"a\"", values))
    }

    @Test("is read as it is written, and nonsense names nothing that is not there")
    func game() {
        for seed in 1...2_000 {
            var random = SeededRandom(seed: UInt64(seed))
            let tags = (0..<random.below(5)).map { _ in
                (random.isLucky(1, in: 3) ? "W/" : "")
                    + random.pick(["\"a\"", "\"b\"", "\"\"", "\",\""])
            }
            let list = tags.joined(separator: random.pick([",", ", ", " ,\t", ",,"]))
            let expected = tags.contains("\"a\"") || tags.contains("W/\"a\"")
            #expect(names("\"a\"", [list]) == expected, "seed \(seed): \(list)")
            let noise = String(
                (0..<random.below(12)).map { _ in random.pick(Array("W/\",ab *")) })
            if names("\"a\"", [noise]) {
                #expect(noise.contains("\"a\"") || noise.contains("*"), "seed \(seed): \(noise)")
            }
        }
    }
}
