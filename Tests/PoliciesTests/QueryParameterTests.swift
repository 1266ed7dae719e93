import Kernel
import Testing

@testable import Policies

@Suite("A parameter of the query")
struct QueryParameterTests {
    @Test(
        "is found by its decoded name, counted, and decoded",
        arguments: [
            ("/v1/realtime", 0, ""), ("/v1/realtime?", 0, ""), ("/v1/model=a", 0, ""),
            ("/v1/realtime?model=a", 1, "a"), ("/v1/realtime?x=1&model=a%2Fb+c&y", 1, "a/b c"),
            ("/v1/realtime?mod%65l=a", 1, "a"), ("/v1/realtime?model=a&model=b", 2, "b"),
            ("/v1/realtime?model", 1, ""), ("/v1/realtime?model=", 1, ""),
            ("/v1/realtime?model=a=b", 1, "a=b"), ("/v1/realtime?Model=a&models=b", 0, ""),
            ("/v1/realtime?model=%", 1, "%"), ("/v1/realtime?model=%4", 1, "%4"),
            ("/v1/realtime?model=%zz", 1, "%zz"), ("/v1/realtime?a?model=b", 0, ""),
        ])
    func read(target: String, count: Int, value: String) {
        var found = ByteBuffer()
        #expect(QueryParameter.read("model", of: target.utf8.span, into: &found) == count)
        #expect(found.text == value)
    }
}
