import Foundation
import Kernel
import Testing

/// Files in a folder of their own, which goes with them.
@Suite("A file that is replaced as a whole") final class WholeFileTests {
    private let folder: URL
    private let path: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "gatehouse-\(UUID().uuidString)")
        path = folder.appendingPathComponent("counters").path
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

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
            try WholeFile(folder.path + "/nowhere/file").replace(with: "x".utf8.span)
        }
    }
}
