import HTTP
import Kernel
import Testing

@Suite("Fields")
struct FieldsTests {
    @Test("every known name is recognised in any case", arguments: FieldName.allCases)
    func recognition(name: FieldName) {
        guard name != .other else { return }
        var text = ByteBuffer()
        text.append(name.text)
        let plain = FieldName.recognise(text.bytes)
        let upper = text.text.uppercased()
        let capitals = FieldName.recognise(upper.utf8.span)
        #expect(plain == name)
        #expect(capitals == name)
    }

    @Test("a stored field is found by name, and its name is in lower case")
    func storage() {
        var fields = Fields()
        fields.append(name: "X-Custom".utf8.span, value: "1".utf8.span)
        fields.append(.contentType, "application/json")
        let name = fields.name(at: 0).text
        let type = fields.text(.contentType)
        let index = fields.index(of: "x-custom".utf8.span)
        let size = fields.listSize
        #expect(name == "x-custom")
        #expect(type == "application/json")
        #expect(index == 0)
        #expect(size == 8 + 1 + 12 + 16 + 64)
    }
}
