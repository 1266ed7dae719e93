import Kernel
import Policies
import Testing

@Suite("The rules for models")
struct ModelRulesTests {
    private static func rule(
        _ pattern: String, as name: String? = nil, upstream: Int = 0
    ) -> ModelRule {
        ModelRule(pattern, targets: [ModelTarget(upstream: upstream, name: name)])
    }

    private let rules = ModelRules(
        standard: "usual",
        rules: [
            rule("gpt-4o", as: "gpt-4o-2024-08-06", upstream: 1), rule("gpt-4*", upstream: 2),
            rule("*", as: "other"),
        ])

    private func text(_ name: [UInt8]?) -> String? {
        name.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "the first that covers a name holds, byte by byte",
        arguments: [
            ("gpt-4o", 1, "gpt-4o-2024-08-06"), ("gpt-4", 2, nil), ("gpt-4o-mini", 2, nil),
            ("GPT-4o", 0, "other"),
        ] as [(String, Int, String?)])
    func order(model: String, upstream: Int, name: String?) throws {
        let found = rules.rule(for: model.utf8.span)
        let target = try #require(found).draw(0).target
        #expect(target.upstream == upstream)
        #expect(text(target.name) == name)
    }

    @Test("what none covers is left alone, and what names no model too")
    func none() {
        let narrow = ModelRules(rules: [Self.rule("a*")])
        let isCovered = narrow.rule(for: "b".utf8.span) != nil
        #expect(!isCovered && narrow.standard == nil)
        let isNothingCovered = rules.rule(for: "".utf8.span) != nil
        #expect(!isNothingCovered)
    }

    @Test("each target gets its share of all numbers")
    func shares() {
        let weights = [3, 1, 6]
        let rule = ModelRule(
            "m", targets: weights.enumerated().map { ModelTarget(upstream: $0, weight: $1) })
        var drawn = [0, 0, 0]
        let part = UInt64.max / 1_000
        for index in 0..<UInt64(1_000) {
            drawn[rule.draw(part * index + part / 2).target.upstream] += 1
        }
        #expect(drawn == [300, 100, 600])
        #expect(rule.draw(.max).target.upstream == 2)
    }

    @Test("fallbacks come in their order, and the one that was drawn never again")
    func fallbacks() {
        let (a, b) = (ModelTarget(upstream: 0), ModelTarget(upstream: 1, name: "b"))
        let rule = ModelRule(
            "m", targets: [a, b], fallbacks: [a, b, ModelTarget(upstream: 1)], refusals: [429])
        for (number, order) in [(UInt64(0), [0, 1, 1]), (.max, [1, 0, 1])] {
            var choice = rule.draw(number)
            var asked = [choice.target.upstream]
            while choice.moveOn(elsewhere: false) { asked.append(choice.target.upstream) }
            #expect(asked == order)
            #expect(choice.attempts == 3)
            let isOver = !choice.moveOn(elsewhere: false)
            #expect(isOver && choice.target.name == nil)
        }
        #expect(rule.isRefusal(429) && !rule.isRefusal(500))
    }

    @Test("whoever cannot be reached is not asked by another name")
    func unreachable() {
        let rule = ModelRule(
            "m", targets: [ModelTarget(upstream: 0)],
            fallbacks: [
                ModelTarget(upstream: 0, name: "smaller"), ModelTarget(upstream: 1),
                ModelTarget(upstream: 1, name: "smaller"), ModelTarget(upstream: 2),
            ])
        var choice = rule.draw(0)
        var asked: [Int] = []
        while choice.moveOn(elsewhere: true) { asked.append(choice.target.upstream) }
        #expect(asked == [1, 2])
        var refused = rule.draw(0)
        let hasNext = refused.moveOn(elsewhere: false)
        #expect(hasNext && text(refused.target.name) == "smaller")
    }

    @Test("another credential is another target")
    func credentials() {
        let second = OperatorCredential(name: Array("k".utf8), value: Array("v".utf8))
        let rule = ModelRule(
            "m", targets: [ModelTarget(upstream: 0)],
            fallbacks: [ModelTarget(upstream: 0, credential: second), ModelTarget(upstream: 0)])
        var choice = rule.draw(0)
        let hasNext = choice.moveOn(elsewhere: false)
        #expect(hasNext && choice.target.credential === second)
        let hasMore = choice.moveOn(elsewhere: false)
        #expect(!hasMore)
    }
}
