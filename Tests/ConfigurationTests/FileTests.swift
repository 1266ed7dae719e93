import Configuration
import Foundation
import Kernel
import Testing

/// Configurations in a folder of their own, with the files they name.
@Suite final class FileTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "gatehouse-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    private func load(_ environment: [String: String] = [:]) throws -> Configuration {
        try Configuration.load(
            path: folder.appendingPathComponent("main.yaml").path,
            environment: { environment[$0] })
    }

    /// File name, line and message of each problem.
    private func problems(_ environment: [String: String] = [:]) throws -> [String] {
        do {
            _ = try load(environment)
            return []
        } catch let error as ConfigurationProblems {
            return error.problems.map {
                "\($0.file.split(separator: "/").last ?? ""):\($0.line): \($0.message)"
                    .replacing(folder.path, with: "DIR")
            }
        }
    }

    private func keyLine(_ id: String, _ digit: String, prefix: String = "sk-1") -> String {
        let hash = "sha256:" + String(repeating: digit, count: 64)
        return
            "  - {id: \(id), prefix: \(prefix), hash: \"\(hash)\", limits: {requestsPerDay: 2}}\n"
    }

    private func site(_ more: String) -> String {
        Sample.minimal.replacing(
            "{name: main, upstream: up}", with: "name: main\n    upstream: up\n    \(more)")
    }

    @Test("a pepper and a file of keys are read from beside the configuration")
    func keysFile() throws {
        try write(site("keysFile: keys.yaml") + "\nkeyPepperFile: pepper", "main.yaml")
        try write("keys:\n" + keyLine("a", "1") + keyLine("b", "2"), "keys.yaml")
        try write(String(repeating: "p", count: 31) + "\n", "pepper")
        let configuration = try load()
        #expect(configuration.sites[0].keys.map(\.id) == ["a", "b"])
        #expect(configuration.sites[0].keys[1].limits.requestsPerDay == 2)
        #expect(configuration.keyPepper.bytes.count == 32)
        #expect(configuration.keyPepper.bytes.last == 10)
        #expect(configuration.sites[0].keysFile == folder.path + "/keys.yaml")
    }

    @Test("the pepper may come from the environment, and without one keys are refused")
    func pepper() throws {
        try write(site("keys:\n    " + keyLine("a", "1")), "main.yaml")
        let pepper = String(repeating: "p", count: 32)
        #expect(try load(["GATEHOUSE_KEY_PEPPER": pepper]).keyPepper.bytes.count == 32)
        #expect(try problems().count == 1)
        #expect(
            try problems(["GATEHOUSE_KEY_PEPPER": "short"])
                == ["main.yaml:1: GATEHOUSE_KEY_PEPPER holds fewer than 32 bytes"])
    }

    @Test("a short pepper and missing files are reported where they are named")
    func missing() throws {
        try write("x", "pepper")
        let text =
            site("keysFile: none.yaml") + "\nkeyPepperFile: pepper\n"
        try write(
            text.replacing(
                "address: \"127.0.0.1:0\"",
                with: "address: \"127.0.0.1:0\", tls: {certificateFile: c.pem, keyFile: .}"
            ).replacing("name: up,", with: "name: up, credential: {file: token},"), "main.yaml")
        #expect(
            try problems() == [
                "main.yaml:2: cannot read DIR/c.pem: no such file",
                "main.yaml:2: cannot read DIR: is a directory",
                "main.yaml:4: cannot read DIR/token: no such file",
                "main.yaml:8: cannot read DIR/none.yaml: no such file",
                "main.yaml:9: DIR/pepper holds fewer than 32 bytes",
            ])
        let path = folder.appendingPathComponent("main.yaml").path
        #expect(throws: ConfigurationProblems.self) {
            try Configuration.load(path: path, checkFiles: false, environment: { _ in nil })
        }
    }

    @Test("a credential's file may end in a line break")
    func credentialFile() throws {
        try write("sk-1 \r\n\n", "token")
        try write(
            Sample.minimal.replacing("name: up,", with: "name: up, credential: {file: token},"),
            "main.yaml")
        #expect(try load().upstreams[0].credential?.value.bytes == Array("Bearer sk-1".utf8))
        try write("sk-1\nX-Evil: 1", "token")
        #expect(try problems().count == 1)
        try write("\n", "token")
        #expect(try problems() == ["main.yaml:4: DIR/token is empty"])
    }

    @Test("problems in the file of keys name that file")
    func badKeys() throws {
        try write(
            site("keysFile: keys.yaml\n    keys:\n    " + keyLine("a", "1")), "main.yaml")
        try write(
            "keys:\n" + keyLine("a", "2") + keyLine("b", "1") + keyLine("c", "3", prefix: "pk-1")
                + "  - {ident: d}\n", "keys.yaml")
        let found = try problems(["GATEHOUSE_KEY_PEPPER": String(repeating: "p", count: 32)])
        #expect(found.count == 7)
        #expect(found[0].hasPrefix("keys.yaml:2: key id \"a\" is taken ("))
        #expect(found[1].hasPrefix("keys.yaml:3: key hash \"sha256:11111111…\" is taken ("))
        #expect(found[2] == "keys.yaml:4: expected to begin with \"sk-\"")
        #expect(found[3] == "keys.yaml:5: \"hash\" is missing")
        #expect(found[6].hasPrefix("keys.yaml:5: unknown setting \"ident\""))
        try write("keys: [", "keys.yaml")
        #expect(
            try problems().contains { $0.hasPrefix("keys.yaml:1:") || $0.hasPrefix("keys.yaml:2:") }
        )
    }

    @Test("a file that is not there, too large or not YAML is one problem")
    func unreadable() throws {
        #expect(try problems() == ["main.yaml:0: no such file"])
        try write("a: [\nb", "main.yaml")
        #expect(try problems().count == 1)
        try Data([0x61, 0xff]).write(to: folder.appendingPathComponent("main.yaml"))
        #expect(try problems().count == 1)
        try write("", "main.yaml")
        #expect(
            try problems() == [
                "main.yaml:1: \"listeners\" is missing", "main.yaml:1: \"sites\" is missing",
                "main.yaml:1: \"upstreams\" is missing",
            ])
    }

    @Test("a relative path of the configuration starts from the working directory")
    func relative() throws {
        let configuration = try Configuration.read(
            Sample.minimal + "\nkeyPepperFile: ../p", path: "conf/main.yaml", checkFiles: false)
        let here = FileManager.default.currentDirectoryPath
        #expect(configuration.keyPepperFile == here + "/p")
    }
}
