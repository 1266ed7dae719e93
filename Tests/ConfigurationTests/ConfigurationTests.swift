import Configuration
import Kernel
import Testing

/// The smallest configuration there is, and ways to break it.
enum Sample {
    static let minimal = """
        listeners:
          - {name: plain, address: "127.0.0.1:0"}
        upstreams:
          - {name: up, url: "http://127.0.0.1:8081/v1"}
        sites:
          - {name: main, upstream: up}
        """

    static func read(
        _ text: String, checkFiles: Bool = false, environment: [String: String] = [:]
    ) throws(ConfigurationProblems) -> Configuration {
        try Configuration.read(
            text, path: "/etc/gatehouse/main.yaml", checkFiles: checkFiles,
            environment: { environment[$0] })
    }

    /// `line:column: message` of each problem.
    static func problems(
        _ text: String, checkFiles: Bool = false, environment: [String: String] = [:]
    ) -> [String] {
        do throws(ConfigurationProblems) {
            _ = try read(text, checkFiles: checkFiles, environment: environment)
            return []
        } catch {
            return error.problems.map { "\($0.line):\($0.column): \($0.message)" }
        }
    }

    static let hash = "sha256:" + String(repeating: "0123456789abcdef", count: 4)
}
