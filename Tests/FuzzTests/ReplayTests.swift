import Foundation
import FuzzTargets
import Testing

/// Every input that is kept for the fuzzers goes through the same checks here.
@Suite("What the fuzzers keep")
struct ReplayTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz")

    private func inputs(_ kind: String, _ target: FuzzTarget) -> [URL] {
        let place = Self.folder.appending(path: "\(kind)/\(target.rawValue)")
        let found = try? FileManager.default.contentsOfDirectory(
            at: place, includingPropertiesForKeys: nil)
        return (found ?? []).sorted { $0.path < $1.path }
    }

    private func replay(_ files: [URL], _ target: FuzzTarget) throws {
        for file in files {
            let input = [UInt8](try Data(contentsOf: file))
            do throws(Violation) {
                try target.check(input.span)
            } catch {
                Issue.record("\(file.path): \(error)")
            }
        }
    }

    @Test("every seed passes the check of its target", arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        let files = inputs("corpus", target)
        #expect(!files.isEmpty)
        try replay(files, target)
    }

    @Test("what once failed passes", arguments: FuzzTarget.allCases)
    func regressions(target: FuzzTarget) throws {
        try replay(inputs("regressions", target), target)
    }

    @Test("damaged seeds pass", arguments: FuzzTarget.allCases)
    func damaged(target: FuzzTarget) throws {
        for file in inputs("corpus", target).prefix(20) {
            let seed = [UInt8](try Data(contentsOf: file))
            for place in stride(from: 0, to: seed.count, by: 1 + seed.count / 8) {
                var input = seed
                input[place] ^= 0x20
                do throws(Violation) {
                    try target.check(input.span)
                } catch {
                    Issue.record("\(file.lastPathComponent), byte \(place): \(error)")
                }
            }
        }
    }
}
