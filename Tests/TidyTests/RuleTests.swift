import Testing

/// Plants one offence for every rule: a rule that cannot fail protects nothing.
@Suite("A rule finds a planted offence and nothing else")
struct RuleTests {
    private let graph = TargetGraph(
        manifest: """
            room("Proxy", ["HTTP", "Kernel"]), room("HTTP", ["Kernel"]), room("Kernel", ["C"]),
            .executableTarget(
                name: "gatehouse",
                dependencies: ["Proxy", "Kernel"], swiftSettings: swift),
            .target(name: "C"), tests("HTTPTests", ["HTTP"]),
            """)

    private func file(_ target: String, _ text: String) -> SourceFile {
        SourceFile(path: "Sources/\(target)/Planted.swift", text: text)
    }

    @Test("the manifest is read")
    func manifest() {
        #expect(
            graph.dependencies == [
                "Proxy": ["HTTP", "Kernel"], "HTTP": ["Kernel"], "Kernel": ["C"],
                "gatehouse": ["Proxy", "Kernel"], "C": [], "HTTPTests": ["HTTP"],
            ])
    }

    @Test("an import that is not declared, a target that is not declared")
    func imports() {
        let files = [
            file("HTTP", "import Kernel\nimport Glibc\npublic import Proxy\n// import TLS\n"),
            file("Proxy", "import struct HTTP.Head\n@testable import Errors\n"),
            file("Unheard", "let a = 1\n"),
        ]
        #expect(
            Rules.importDirection(files, graph) == [
                "Sources/HTTP/Planted.swift:3: import of Proxy is not declared",
                "Sources/Proxy/Planted.swift:2: import of Errors is not declared",
                "Sources/Unheard/Planted.swift:1: target Unheard is not in Package.swift",
            ])
    }

    @Test("a dependency that points up, a target without a place")
    func dependencies() {
        let graph = TargetGraph(manifest: #"room("HTTP", ["Proxy", "Kernel"]), room("New", [])"#)
        #expect(
            Rules.dependencyDirection(graph) == [
                "Package.swift: HTTP may not depend on Proxy",
                "Package.swift: target New has no place in the order",
            ])
        let sound = TargetGraph(manifest: #"room("HTTP", ["Kernel"]), room("Kernel", ["CKernel"])"#)
        #expect(Rules.dependencyDirection(sound) == [])
    }

    @Test("unsafe code and C libraries outside of the fence")
    func fence() {
        let text = """
            // unsafe in a comment, "unsafe" in \("a string")
            let a = unsafe pointer.pointee
            let b = "unsafe \\(unsafe c)"
            @unsafe func d() {}
            import CKernel
            let unsafely = .strictMemorySafety()
            """
        #expect(
            Rules.fence([file("Proxy", text)]) == [
                "Sources/Proxy/Planted.swift:2: unsafe outside of the fence",
                "Sources/Proxy/Planted.swift:4: unsafe outside of the fence",
                "Sources/Proxy/Planted.swift:5: C library CKernel outside of the fence",
            ])
        #expect(Rules.fence([file("Kernel", text)]) == [])
    }

    @Test("Foundation on the data path")
    func foundation() {
        let text = "import Kernel\nimport FoundationEssentials\n"
        #expect(Rules.foundation([file("Proxy", text)]).count == 1)
        #expect(Rules.foundation([file("Control", text)]) == [])
    }

    @Test("a file, a line and a function that are too long")
    func lengths() {
        let long = String(repeating: "let a = 1\n", count: 501)
        #expect(Rules.fileLengths([file("HTTP", long)]).count == 1)
        #expect(Rules.fileLengths([file("HTTP", String(long.dropLast(10)))]) == [])
        let wide = String(repeating: "é", count: 101)
        #expect(
            Rules.lineLengths([file("HTTP", "let a = 1\n" + wide)])
                == ["Sources/HTTP/Planted.swift:2: 101 columns"])
        #expect(Rules.lineLengths([file("HTTP", String(wide.dropLast()))]) == [])
        let body = String(repeating: "    if a { b(\"}\") }\n", count: 58)
        let function = "protocol P {\n  func x()\n}\nfunc f(\n) {\n"
        #expect(
            Rules.functionLengths([file("HTTP", function + body + "}\n")])
                == ["Sources/HTTP/Planted.swift:4: f has 61 lines"])
        #expect(Rules.functionLengths([file("HTTP", "func f() {\n" + body + "}\n")]) == [])
        #expect(
            Rules.functionLengths([file("HTTP", "init?(a: [Int]) {\n\n" + body + "}\n")]).count == 1
        )
    }

    @Test("a reminder of unfinished work")
    func reminders() {
        let text = "let a = 1 // TO" + "DO: more\n/// FIX" + "ME\nlet xxx = 2\n"
        #expect(Rules.reminders([file("HTTP", text)]).count == 2)
    }

    @Test("a print, a forced try")
    func prints() {
        let text = "print(1)\n    debugPrint(2)\nfingerprint(3)\na.print(4)\n// print(5)\n"
        #expect(Rules.prints([file("HTTP", text)]).count == 2)
        #expect(Rules.prints([file("gatehouse", text)]) == [])
        #expect(Rules.forcedTries([file("HTTP", "let a = try! b()\nlet c = try? d()")]).count == 1)
    }

    @Test("a type with an empty name")
    func typeNames() {
        let text = "public final class KeyManager {\n}\nenum Utils { case a }\nstruct Basement {}\n"
        #expect(
            Rules.typeNames([file("HTTP", text)]) == [
                "Sources/HTTP/Planted.swift:1: a type named KeyManager",
                "Sources/HTTP/Planted.swift:3: a type named Utils",
            ])
    }

    @Test("a public type without a doc comment")
    func publicTypes() {
        let text = """
            /// Documented.
            @safe
            public struct A {}
            // not documentation
            public enum B { case a }
            struct C {}
            """
        #expect(
            Rules.publicTypeComments([file("HTTP", text)])
                == ["Sources/HTTP/Planted.swift:5: B has no doc comment"])
    }

    @Test("a pointer that nobody vouches for")
    func safety() {
        let text = """
            /// Holds one.
            struct A {
                private var base: UnsafeMutablePointer<UInt8>?
            }
            /// *Safety:* it owns it.
            struct B {
                let base: OpaquePointer
            }
            struct C {
                func lend(_ body: (UnsafePointer<Int>) -> Void) { let a: OpaquePointer = b }
            }
            @safe
            struct D {}
            /// *Safety:* one thread.
            final class E: @unchecked Sendable {}
            final class F: @unchecked Sendable {}
            """
        #expect(
            Rules.safetyParagraphs([file("TLS", text)]) == [
                "Sources/TLS/Planted.swift:2: A has no *Safety:* paragraph",
                "Sources/TLS/Planted.swift:13: D has no *Safety:* paragraph",
                "Sources/TLS/Planted.swift:16: F has no *Safety:* paragraph",
            ])
        #expect(Rules.safetyParagraphs([file("HTTP", text)]) == [])
    }

    @Test("a behaviour without a test")
    func behaviours() {
        let document = """
            # Behaviours
            - A request passes — `Tests/A.swift::passes`
            - It is refused — `Tests/A.swift::a refusal is worded`, `tests/b.py::test_b`
            - It is lost — `Tests/A.swift::lost`
            - It is nowhere — `Tests/None.swift::passes`
            - It is not shown
            """
        let texts = [
            "Tests/A.swift": "@Test(\"a refusal is worded\") func passes() {}",
            "tests/b.py": "def test_b():",
        ]
        #expect(
            Rules.behaviours(document) { texts[$0] } == [
                "docs/behaviours.md:4: no test lost in Tests/A.swift",
                "docs/behaviours.md:5: no file Tests/None.swift",
                "docs/behaviours.md:6: names no test",
            ])
        #expect(Rules.behaviours("# Behaviours\n") { _ in nil } == ["docs/behaviours.md: no rows"])
    }

    @Test("a threat model that names tests that are not there")
    func threats() {
        let document = """
            # Threats
            ## A
            - **Good**. Bound: `x` — `Tests/A.swift::good`
            - **Lost**. Bound: `x` — `Tests/A.swift::lost`
            ## B
            - **Nothing**. Bound: none
            """
        #expect(
            Rules.threats(document) { $0 == "Tests/A.swift" ? "func good()" : nil } == [
                "docs/threat-model.md: no test lost in Tests/A.swift",
                "docs/threat-model.md: B names no test",
            ])
        #expect(Rules.threats("# Threats\n") { _ in nil } == ["docs/threat-model.md: no attacks"])
    }

    @Test("a planted bug that lost its place")
    func plantedBugs() {
        let table = "Words.\n\n# a\nfile A\n-x\n-y\n+z\n\n# b\nfile B\n-x\n+z\n"
        let bugs = PlantedBug.all(in: table)
        #expect(bugs.map(\.text) == ["x\ny", "x"])
        let texts = ["A": "w\nx\ny", "B": "x x"]
        let offences = PlantedBug.misplaced(bugs) { texts[$0] }
        #expect(offences == ["B: b: its text stands 2 times"])
    }

    @Test("a private key")
    func privateKeys() {
        let texts = [
            "conf/a.pem": "\n-----BEGIN EC PRIVATE " + "KEY-----\nMHc",
            "certs/b.key": "x", "docs/c.md": "A private key is never committed.",
        ]
        #expect(
            Rules.privateKeys(texts.keys.sorted()) { texts[$0] } == [
                "certs/b.key: a key file is committed",
                "conf/a.pem:2: a private key is committed",
            ])
    }

    @Test("code is what is left without comments and strings")
    func blanking() {
        let text = ##"""
            a /* b /* c */ d */ e // f
            "g \(h("i")) j" + k
            #"l " \(m) \#(n) o"# + p
            """##
        let more = "\nlet q = \"\"\"\n  r \" s\n  \"\"\"\nt(/u{v/) + w / x / y"
        let code = CodeBlanker.blank(text + more)
        let words = code.split(separator: "\n").flatMap { String($0).words }
        #expect(words == ["a", "e", "k", "p", "let", "q", "t", "w", "x", "y"])
    }
}
