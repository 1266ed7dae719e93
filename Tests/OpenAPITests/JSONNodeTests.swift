import Kernel
import Testing

@testable import OpenAPI

@Suite("A node") struct JSONNodeTests {
    private func text(_ node: JSONNode) -> String {
        var output = ByteBuffer()
        node.write(into: &output)
        return output.text
    }

    @Test("is written as JSON, its members in their order")
    func kinds() {
        let node: JSONNode = [
            "z": ["a", 1, true, false], "a": [:], "e": [], "w": .written(Array("{ }".utf8)),
        ]
        #expect(text(node) == #"{"z":["a",1,true,false],"a":{},"e":[],"w":{ }}"#)
    }

    @Test("leaves out what is not there")
    func members() {
        #expect(text(.members(["a": nil, "b": 2, "c": nil])) == #"{"b":2}"#)
    }

    @Test("escapes names and texts")
    func escapes() {
        #expect(text(["\"": "\\\n"]) == #"{"\"":"\\\n"}"#)
    }
}
