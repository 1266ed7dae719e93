import Configuration
import Foundation
import Kernel
import Testing

@Suite struct PageTests {
    private static let root = String(
        #filePath.dropLast("/Tests/ConfigurationTests/PageTests.swift".count))

    @Test("the reference page says what the tables say (GATEHOUSE_WRITE_DOCS=1 writes it)")
    func page() throws {
        let path = Self.root + "/docs/configuration.md"
        let text = ConfigurationPage.text
        if ProcessEnvironment.value("GATEHOUSE_WRITE_DOCS") != nil {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        let stored = try FileContents.read(path, limit: 1_048_576).text
        #expect(stored == text, "run GATEHOUSE_WRITE_DOCS=1 swift test --filter PageTests")
    }

    @Test("the example files can be read", arguments: ["openai", "bve"])
    func examples(name: String) throws {
        let path = Self.root + "/conf/\(name).yaml"
        let configuration = try Configuration.load(
            path: path, checkFiles: false, environment: { _ in nil })
        #expect(configuration.sites.map(\.name) == [name])
        #expect(configuration.sites[0].dialect.rawValue == name)
        #expect(
            configuration.listeners[0].tls?.certificateFile == Self.root + "/certs/localhost.pem")
        #expect(configuration.keyPepperFile == Self.root + "/build/pepper")
        #expect(configuration.upstreams[0].url.description == "http://127.0.0.1:8081/v1")
    }
}
