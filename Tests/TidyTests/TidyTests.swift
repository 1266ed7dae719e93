import Testing

@Suite("The tree is tidy")
struct TidyTests {
    private let graph = TargetGraph(manifest: SourceTree.text("Package.swift") ?? "")

    private func report(_ offences: [String]) -> Comment {
        Comment(rawValue: offences.joined(separator: "\n"))
    }

    private func expectNone(
        _ offences: [String], _ place: SourceLocation = #_sourceLocation
    ) {
        #expect(offences.isEmpty, report(offences), sourceLocation: place)
    }

    @Test("the tree is found, so that the rules below judge something")
    func treeIsFound() {
        #expect(SourceTree.sources.contains { $0.path == "Sources/Kernel/ByteBuffer.swift" })
        #expect(SourceTree.tests.contains { $0.path == "Tests/TidyTests/TidyTests.swift" })
        #expect(graph.dependencies["HTTP"] == ["Kernel"])
    }

    @Test("imports name declared dependencies only")
    func imports() { expectNone(Rules.importDirection(SourceTree.sources, graph)) }

    @Test("dependencies point down only")
    func dependencies() { expectNone(Rules.dependencyDirection(graph)) }

    @Test("unsafe code and C libraries stay behind the fence")
    func fence() { expectNone(Rules.fence(SourceTree.sources)) }

    @Test("no Foundation on the data path")
    func foundation() { expectNone(Rules.foundation(SourceTree.sources)) }

    @Test("files have at most 500 lines")
    func fileLengths() { expectNone(Rules.fileLengths(SourceTree.all)) }

    @Test("lines have at most 100 columns")
    func lineLengths() { expectNone(Rules.lineLengths(SourceTree.all)) }

    @Test("functions have at most 60 lines")
    func functionLengths() { expectNone(Rules.functionLengths(SourceTree.all)) }

    @Test("no reminders of unfinished work")
    func reminders() { expectNone(Rules.reminders(SourceTree.all)) }

    @Test("only the executables print")
    func prints() { expectNone(Rules.prints(SourceTree.sources)) }

    @Test("no try is forced")
    func forcedTries() { expectNone(Rules.forcedTries(SourceTree.sources)) }

    @Test("no type is named a manager, helper, utility or base")
    func typeNames() { expectNone(Rules.typeNames(SourceTree.all)) }

    @Test("every public type has a doc comment")
    func publicTypeComments() { expectNone(Rules.publicTypeComments(SourceTree.sources)) }

    @Test("every type of the fence that holds a pointer says why it is safe")
    func safetyParagraphs() { expectNone(Rules.safetyParagraphs(SourceTree.sources)) }

    @Test("every test that the threat model names exists")
    func threats() {
        guard let document = SourceTree.text("docs/threat-model.md") else {
            Issue.record("docs/threat-model.md is missing")
            return
        }
        expectNone(Rules.threats(document, read: SourceTree.text))
    }

    @Test("every row of the behaviours names a test that exists")
    func behaviours() {
        guard let document = SourceTree.text("docs/behaviours.md") else {
            Issue.record("docs/behaviours.md is missing")
            return
        }
        expectNone(Rules.behaviours(document, read: SourceTree.text))
    }

    @Test("every bug that the simulation must find still has its place")
    func plantedBugs() {
        let bugs = PlantedBug.all(in: SourceTree.text("scripts/mutations.txt") ?? "")
        #expect(bugs.count >= 20)
        expectNone(PlantedBug.misplaced(bugs, read: SourceTree.text))
    }

    @Test("no private key is committed")
    func privateKeys() throws {
        let tracked = try SourceTree.trackedFiles()
        // A source archive has no history and no generated certificates.
        guard let tracked else { return }
        #expect(tracked.contains("Package.swift"))
        expectNone(Rules.privateKeys(tracked, read: SourceTree.text))
    }
}
