import JSON
import Testing

@Suite struct ReaderTests {
    private let reader = JSONReader()

    private func part(_ text: String, _ range: Range<Int>?) -> String {
        guard let range else { return "-" }
        return String(decoding: Array(text.utf8)[range], as: UTF8.self)
    }

    /// The items of the root, each as `name:value`.
    private func items(_ text: String) throws -> [String] {
        let root = try reader.open(text.utf8.span)
        return items(of: root, text)
    }

    private func items(of container: JSONItem, _ text: String) -> [String] {
        var found: [String] = []
        var item = reader.first(in: container, of: text.utf8.span)
        while let one = item {
            found.append(part(text, one.name) + ":" + part(text, one.value.range))
            item = reader.next(after: one, of: text.utf8.span)
        }
        return found
    }

    // `#expect` and `#require` cannot hold the span.

    private func first(in container: JSONItem, _ text: String) -> JSONItem? {
        reader.first(in: container, of: text.utf8.span)
    }

    private func next(after item: JSONItem, _ text: String) -> JSONItem? {
        reader.next(after: item, of: text.utf8.span)
    }

    @Test("the members of an object come in order, with what white space surrounds left out")
    func members() throws {
        let text = " { \"a\" : 1 , \"b\":\"x, }\\\"\" ,\"c\" :[ {} ,[2]]\n, \"d\":null } "
        #expect(
            try items(text) == ["a:1", "b:\"x, }\\\"\"", "c:[ {} ,[2]]", "d:null"])
    }

    @Test("the elements of an array have no names")
    func elements() throws {
        #expect(
            try items("[true,\"\",-1.5e3 , {\"a\":[]}]") == [
                "-:true", "-:\"\"", "-:-1.5e3", "-:{\"a\":[]}",
            ])
    }

    @Test("an empty container and a scalar have no items", arguments: ["{}", "[ ]", "7", "\"a\""])
    func nothing(text: String) throws {
        #expect(try items(text) == [])
    }

    @Test("a container within another one can be gone into and come back from")
    func nested() throws {
        let text = "{\"a\":{\"b\":[1,{\"c\":2}]},\"d\":3}"
        let root = try reader.open(text.utf8.span)
        let outer = try #require(first(in: root, text))
        let inner = try #require(first(in: outer, text))
        #expect(items(of: inner, text) == ["-:1", "-:{\"c\":2}"])
        let last = try #require(next(after: outer, text))
        #expect(part(text, last.name) == "d")
        #expect(next(after: last, text) == nil)
    }

    @Test("what is not one JSON text is not opened", arguments: ["", "{", "{\"a\":}", "1 2"])
    func broken(text: String) {
        #expect(throws: JSONFault.self) { _ = try reader.open(text.utf8.span) }
    }

    @Test("a text that was not opened, or is closed, is not read")
    func foreign() throws {
        let root = try reader.open("[1]".utf8.span)
        #expect(first(in: root, "[1,2]") == nil)
        reader.close()
        #expect(first(in: root, "[1]") == nil)
    }

    @Test("a document larger than the memory that is kept is read, and the next one too")
    func large() throws {
        let numbers = Array(repeating: "1", count: 700_000).joined(separator: ",")
        let text = "{\"a\":[\(numbers)],\"b\":2}"
        #expect(try items(text).map { $0.utf8.count } == [1_400_003, 3])
        reader.close()
        #expect(try items("[1]") == ["-:1"])
    }
}
