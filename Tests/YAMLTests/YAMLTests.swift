import Chance
import Testing
import YAML

@Suite struct YAMLTests {
    private func failure(_ text: String) -> YAMLError? {
        do throws(YAMLError) {
            _ = try YAML.parse(text)
            return nil
        } catch {
            return error
        }
    }

    private func failure(bytes: [UInt8]) -> YAMLError? {
        do throws(YAMLError) {
            _ = try YAML.parse(bytes.span)
            return nil
        } catch {
            return error
        }
    }

    @Test("a mapping keeps its order and every node its place")
    func places() throws {
        let root = try YAML.parse("b: 1\na:\n  - x\n  - 'y'\n")
        guard case .mapping(let pairs) = root.value else { Issue.record("no mapping"); return }
        #expect(pairs.map(\.key) == ["b", "a"])
        #expect(pairs[1].keyMark == Mark(line: 2, column: 1))
        #expect(
            pairs[0].value == YAMLNode(.scalar("1", isPlain: true), at: Mark(line: 1, column: 4)))
        guard case .sequence(let items) = pairs[1].value.value else {
            Issue.record("no sequence")
            return
        }
        #expect(items[0] == YAMLNode(.scalar("x", isPlain: true), at: Mark(line: 3, column: 5)))
        #expect(items[1] == YAMLNode(.scalar("y", isPlain: false), at: Mark(line: 4, column: 5)))
    }

    @Test("columns count characters, not bytes")
    func columns() throws {
        let root = try YAML.parse("[äöü, x]")
        guard case .sequence(let items) = root.value else { Issue.record("no sequence"); return }
        #expect(items[1].mark == Mark(line: 1, column: 7))
    }

    @Test("block scalars are text even where they look like null")
    func blocks() throws {
        #expect(try YAML.parse("~").isNull)
        #expect(try YAML.parse("").isNull)
        #expect(try YAML.parse("# nothing\n").isNull)
        #expect(try !YAML.parse("'null'").isNull)
        #expect(try YAML.parse("|\n  ~").value == .scalar("~", isPlain: false))
    }

    @Test("a key that occurs twice is refused at its second place")
    func duplicateKey() {
        #expect(failure("a: 1\nb: 2\na: 3\n")?.reason == .duplicateKey("a"))
        #expect(failure("a: 1\nb: 2\na: 3\n")?.mark == Mark(line: 3, column: 1))
        #expect(failure("x: {a: 1, 'a': 2}\n")?.mark == Mark(line: 1, column: 11))
    }

    @Test("an alias is a copy of its anchor that stands where the alias stands")
    func alias() throws {
        let root = try YAML.parse("a: &x {k: v}\nb: *x\n")
        guard case .mapping(let pairs) = root.value else { Issue.record("no mapping"); return }
        #expect(pairs[0].value.value == pairs[1].value.value)
        #expect(pairs[1].value.mark == Mark(line: 2, column: 4))
    }

    @Test("an alias to nothing, or to the node it stands in, is refused")
    func unknownAlias() {
        #expect(failure("a: *x")?.reason == .unknownAnchor("x"))
        #expect(failure("&x [*x]")?.reason == .unknownAnchor("x"))
    }

    @Test("aliases that multiply are refused before anybody pays for them")
    func bomb() {
        var text = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let row = Array(repeating: "*l\(level - 1)", count: 10).joined(separator: ", ")
            text += "l\(level): &l\(level) [\(row)]\n"
        }
        #expect(failure(text)?.reason == .tooLarge)
    }

    @Test("aliases that nest count with their depth")
    func deepAliases() {
        var text = "l0: &l0 [x]\n"
        for level in 1...70 { text += "l\(level): &l\(level) [*l\(level - 1)]\n" }
        #expect(failure(text)?.reason == .tooDeep)
    }

    @Test("64 levels pass, 65 are refused", arguments: [64, 65, 10_000])
    func depth(levels: Int) {
        let text = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        #expect(failure(text)?.reason == (levels == 64 ? nil : .tooDeep))
    }

    @Test(
        "what is not UTF-8 is refused with its place",
        arguments: [
            [0x61, 0x3a, 0x20, 0xff], [0x61, 0x3a, 0x20, 0xc3],
            [0x61, 0x3a, 0x20, 0xed, 0xa0, 0x80],
            [0x61, 0x3a, 0x20, 0x00], [0x61, 0x3a, 0x20, 0x07],
        ] as [[UInt8]])
    func encoding(bytes: [UInt8]) {
        let error = failure(bytes: bytes)
        #expect(error?.reason == .encoding)
        #expect(error?.mark == Mark(line: 1, column: 4))
    }

    @Test("UTF-16 is refused")
    func utf16() {
        #expect(failure(bytes: [0xff, 0xfe, 0x61, 0x00])?.reason == .encoding)
    }

    @Test("a second document, a tag and a composite key are refused")
    func refusals() {
        #expect(failure("a: 1\n---\nb: 2\n")?.reason == .severalDocuments)
        #expect(failure("a: !!int 1")?.reason == .tag)
        #expect(failure("!x {a: 1}")?.reason == .tag)
        #expect(failure("? [a]\n: 1")?.reason == .compositeKey)
        #expect(failure("? *x\n: 1")?.reason == .compositeKey)
    }

    @Test("broken grammar is reported where it breaks")
    func syntax() {
        #expect(failure("a: [1, 2\nb: 3\n")?.reason == .syntax)
        #expect(failure("a: 1\n\tb: 2\n")?.mark.line == 2)
        #expect(failure("a: 'x")?.reason == .syntax)
    }

    @Test("random bytes never trap")
    func noise() {
        var generator = SeededRandom(seed: 7)
        let alphabet = Array("ab:-[]{},&*!|>'\"#%@`? \n\t~.0\u{e9}".utf8)
        for _ in 0..<3_000 {
            let count = Int.random(in: 0..<60, using: &generator)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            _ = failure(bytes: bytes)
        }
    }
}
