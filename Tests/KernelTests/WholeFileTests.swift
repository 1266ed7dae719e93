import Kernel
import Testing

@Suite("A file that is replaced as a whole")
struct WholeFileTests {
    private let path = "/tmp/gatehouse-whole-\(Instant.now().nanoseconds)"

    private func text(_ path: String) throws -> String {
        try FileContents.read(path, limit: 1_000).text
    }

    @Test("what a killed writer has left beside it is not looked at, and in nobody's way")
    func replacing() throws {
        let file = WholeFile(path)
        try file.replace(with: "old".utf8.span)
        try WholeFile(path + ".new").replace(with: "a part of some long conten".utf8.span)
        #expect(try text(path) == "old")
        try file.replace(with: "new".utf8.span)
        #expect(try text(path) == "new")
        #expect(FileContents.obstacle(path + ".new")?.isAbsence == true)
        #expect(try file.setAside() == path + ".corrupt")
        #expect(try text(path + ".corrupt") == "new")
        #expect(FileContents.obstacle(path)?.isAbsence == true)
    }

    @Test("a folder that is not there is a fault, and nothing else happens")
    func nowhere() {
        #expect(throws: SystemFault.self) {
            try WholeFile("/tmp/gatehouse-nowhere/a/b").replace(with: "x".utf8.span)
        }
    }
}
