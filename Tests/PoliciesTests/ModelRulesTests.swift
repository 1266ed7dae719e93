import Kernel
import Policies
import Testing

@Suite("The rules for models")
struct ModelRulesTests {
    private let rules = ModelRules(
        standard: "usual",
        rules: [
            ModelRules.Rule("gpt-4o", upstreamName: "gpt-4o-2024-08-06", upstream: 1),
            ModelRules.Rule("gpt-4*", upstream: 2), ModelRules.Rule("*", upstreamName: "other"),
        ])

    @Test(
        "the first that covers a name holds, byte by byte",
        arguments: [
            ("gpt-4o", 1, "gpt-4o-2024-08-06"), ("gpt-4", 2, nil), ("gpt-4o-mini", 2, nil),
            ("GPT-4o", nil, "other"), ("", nil, "other"),
        ] as [(String, Int?, String?)])
    func order(model: String, upstream: Int?, name: String?) throws {
        let found = rules.rule(for: model.utf8.span)
        let rule = try #require(found)
        #expect(rule.upstream == upstream)
        #expect(rule.upstreamName.map { String(decoding: $0, as: UTF8.self) } == name)
    }

    @Test("what none covers is left alone")
    func none() {
        let narrow = ModelRules(rules: [ModelRules.Rule("a*")])
        let isCovered = narrow.rule(for: "b".utf8.span) != nil
        #expect(!isCovered && narrow.standard == nil)
    }
}
