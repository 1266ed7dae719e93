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
}
