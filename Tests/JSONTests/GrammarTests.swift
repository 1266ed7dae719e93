import JSON
import Testing

@Suite struct GrammarTests {
    /// nil: accepted.
    private func fault(_ bytes: [UInt8]) -> JSONFault? {
        let probe = JSONProbe()
        do throws(JSONFault) {
            _ = try probe.probe(bytes.span)
            return nil
        } catch {
            return error
        }
    }

    private func fault(_ text: String) -> JSONFault? { fault(Array(text.utf8)) }

    @Test(
        "what RFC 8259 allows is accepted",
        arguments: [
            "{}", "[]", "0", "-0", "1", "-1", "10", "1.5", "1e5", "1E+5", "1e-05", "-0.0e-0",
            "123456789012345678901234567890", "1e99999", "-1e-99999", "true", "false", "null",
            "\"\"", "\"a\"", " {} ", "\t\n\r [] \r\n\t", "[1]", "[1,2,3]", "[1 , 2]", "[[],{}]",
            "{\"a\":1}", "{\"a\" : 1 , \"b\" : [ ] }", "{\"\":0}", "{\"a\":1,\"a\":2}",
            #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\u00e9\u00E9""#, #""\ud83d\ude00""#,
            #""\ud800""#, #""\udc00""#, #""\ud800\ud800""#, #""\udc00\ud800x""#,
            #"{"a":"\ud800"}"#, #"{"\ud800":1}"#, #"["\\u12"]"#, #"["\\\"","\\\\"]"#,
            "[\"\u{7f}\"]", "[\"é😀\u{2028}\u{ffff}\u{10ffff}\"]", "[\"/\"]", "[\",\",\":\",\"{\"]",
            "[true,false,null,0]", "[-1.0e+10,0.1]", "[\"a\"  ,\n\"b\"]",
            "{\"a\":{\"b\":{\"c\":[]}}}",
            "\"\(String(repeating: "x", count: 200))\"",
        ])
    func accepted(text: String) {
        #expect(fault(text) == nil)
    }

    @Test(
        "what RFC 8259 does not allow is refused",
        arguments: [
            "", " ", "\n", "{", "}", "[", "]", "[}", "{]", "[[]", "[]]", "{}{}", "{} {}", "[]1",
            "1 2", "[1 2]", "[1,]", "[,1]", "[,]", "[1,,2]", "{,}", "{\"a\":1,}",
            "{\"a\":1,,\"b\":2}",
            "{\"a\"}", "{\"a\":}", "{:1}", "{\"a\" 1}", "{\"a\"::1}", "{\"a\":1:2}", "{\"a\",1}",
            "{1:2}", "{a:1}", "{'a':1}", "{null:1}", "{[]:1}", "{\"a\":1 \"b\":2}", "[\"a\" \"b\"]",
            "[\"a\"\"b\"]", "[\"a\"b]", "[\"a\"1]", "[1\"a\"]", "[true\"a\"]", "[a\"b\"]", ":", ",",
            "[:]", "[1:2]", "\"", "\"a", "\"a\\\"", "[\"a]", "{\"a:1}", "'a'", "tru", "[tru]",
            "{\"a\": tru}", "truee", "[truefalse]", "True", "TRUE", "nul", "nulll", "fals",
            "[falsey]",
            "NaN", "Infinity", "-Infinity", "undefined", "-", "+1", "[+1]", "01", "{\"a\": 01}",
            "-01",
            "00", "1.", "[1.]", ".5", "-.5", "1e", "1e+", "1E-", "1.e5", "1.5.5", "1e5.5", "0x10",
            "1a", "1_000", "--1", "1-1", "1+1", "[1-]", "[-]", "#1", "// x\n1", "/* x */ 1",
            "[1]//x",
            #""\q""#, #"{"a":"\q"}"#, #""\x41""#, #"{"a":"\u12"}"#, #""\u""#, #""\u123""#,
            #""\u12G4""#, #""\uD83""#, #""\U0041""#, #""\ ""#, #""\'""#, #"[\n]"#, #"\"#, #""\"#,
            #"\"a\""#, #"[1\u0020]"#, "\u{feff}{}", "{}\u{feff}", "[\u{a0}1]", "[1]\u{2028}",
            "[1]\u{0c}", "[\u{0b}1]", "{}\u{00}", "\u{00}", "[1\u{00}]", "[1\u{0c},2]", "[\u{1a}1]",
            "[1\u{1a}2]", "{\"a\"\u{1a}1}", "[\"a\"\u{0c}]",
        ])
    func refused(text: String) {
        #expect(fault(text) == .invalid)
    }

    @Test("a control character within a string is refused, whichever it is", arguments: 0..<0x20)
    func controls(byte: Int) {
        let control = UInt8(byte)
        #expect(fault(Array("{\"a\":\"".utf8) + [control] + Array("\"}".utf8)) == .invalid)
        #expect(fault(Array("{\"".utf8) + [control] + Array("\":1}".utf8)) == .invalid)
    }

    @Test(
        "what is not UTF-8 is refused, in strings and outside of them",
        arguments: [
            [0x80], [0xff], [0xc0, 0x80], [0xc1, 0xbf], [0xc3], [0xe0, 0x80, 0x80], [0xe2, 0x82],
            [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xf0, 0x80, 0x80, 0x80], [0xf0, 0x9f, 0x98],
            [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func encoding(bytes: [UInt8]) {
        #expect(fault([0x22] + bytes + [0x22]) == .invalid)
        #expect(fault(Array("{\"".utf8) + bytes + Array("\":1}".utf8)) == .invalid)
        #expect(fault([0x5b] + bytes + [0x5d]) == .invalid)
        #expect(fault(Array("{\"a\":1}".utf8) + bytes) == .invalid)
        // At the end of a block of 64, where a check could look away.
        for length in 55..<70 {
            let padding = [UInt8](repeating: 0x78, count: length)
            #expect(fault([0x22] + padding + bytes + [0x22]) == .invalid)
            #expect(fault([0x22] + padding + bytes) == .invalid)
        }
    }

    @Test("1,024 containers within each other pass, one more does not")
    func depth() {
        func nested(_ count: Int, _ open: String, _ close: String) -> String {
            String(repeating: open, count: count) + String(repeating: close, count: count)
        }
        #expect(fault(nested(1_024, "[", "]")) == nil)
        #expect(fault(nested(1_025, "[", "]")) == .tooDeep)
        let object =
            String(repeating: "{\"a\":", count: 1_024) + "1" + String(repeating: "}", count: 1_024)
        #expect(fault(object) == nil)
        #expect(fault("[" + object + "]") == .tooDeep)
        #expect(fault(String(repeating: "[", count: 5_000_000)) == .tooDeep)
        // Siblings are not depth.
        #expect(fault("[" + String(repeating: "[],{},", count: 5_000) + "0]") == nil)
    }

    @Test("every kind of container closes with its own bracket, at every depth")
    func brackets() {
        for depth in [1, 2, 63, 64, 65, 127, 128, 129, 1_023] {
            let open = String(repeating: "[", count: depth)
            let close = String(repeating: "]", count: depth - 1)
            #expect(fault(open + "{}" + close + "]") == nil)
            #expect(fault(open + "{}" + close + "}") == .invalid)
            #expect(fault(open + "{]" + close + "]") == .invalid)
        }
    }
}
