import Testing

@testable import Kernel

@Suite("The memory the system allows") struct MemoryAllowanceTests {
    private func least(_ membership: String, _ bounds: [String: String]) -> (Int?, [String]) {
        var asked: [String] = []
        let found = MemoryAllowance.least(membership) { path in
            asked.append(path)
            return bounds[path]
        }
        return (found, asked)
    }

    @Test("is the least of all groups around the process")
    func nested() {
        let bounds = ["/a/b/c": "max\n", "/a/b": "5000000\n", "/a": "9000000\n"]
        let (found, asked) = least("0::/a/b/c\n", bounds)
        #expect(found == 5_000_000)
        #expect(asked == ["/a/b/c", "/a/b", "/a", ""])
    }

    @Test("is that of the root where the process sees no other group, as in a container")
    func root() {
        #expect(least("0::/\n", ["": "4096\n"]).0 == 4_096)
        #expect(least("0::/\n", [:]).0 == nil)
    }

    @Test("is unbounded where no group says anything, and in groups of version 1")
    func unbounded() {
        #expect(least("0::/a", ["/a": "max"]).0 == nil)
        #expect(least("12:memory:/a\n11:cpu:/b\n", ["/a": "1"]) == (nil, []))
        #expect(least("", ["": "1"]) == (nil, []))
        #expect(MemoryAllowance.bytes() > 0)
    }
}
