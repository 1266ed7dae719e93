import Kernel
import YAML

/// Where the operator's credential for an upstream comes from: exactly one of the three.
struct CredentialSource: Section, Equatable {
    var env: String?
    var file: String?
    var value: String?

    static let title = "upstreams[].credential"
    static let purpose = "Where the credential comes from: exactly one of these."
    static let settings: [Setting<CredentialSource>] = [
        Setting(
            "env", \.env, .optional(.variable),
            why: "Keeps the secret out of files; the variable must be set."),
        Setting(
            "file", \.file, .optional(.path),
            why: "For mounted secrets; white space at the end is ignored."),
        Setting(
            "value", \.value, .optional(.text("credential", limit: 8_192)),
            why: "For tests. Anyone who can read the configuration can read it."),
    ]

    mutating func finish(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        // A bad value was reported already; what counts here is what was written.
        if Self.settings.count(where: { node[$0.name] != nil }) != 1 {
            reader.report("expected exactly one of env, file, value", at: node.mark)
        }
    }

    /// The credential itself; nil after reporting why there is none.
    func secret(_ node: YAMLNode, _ reader: inout ConfigurationReader) -> String? {
        if let env {
            if let text = reader.environment(env), !text.isEmpty { return text }
            if reader.checksFiles {
                reader.report(
                    "the environment variable \(env) is not set", at: node.mark(of: "env"))
            }
        } else if let file {
            guard
                let contents = reader.contents(
                    of: file, limit: 65_536, at: node.mark(of: "file"))
            else { return nil }
            var text = contents.text
            while let last = text.utf8.last, last <= 0x20 { text = String(text.dropLast()) }
            if !text.isEmpty { return text }
            reader.report("\(file) is empty", at: node.mark(of: "file"))
        } else if let value {
            guard value.contains("${") else { return value }
            reader.report(
                "variables are not replaced in the file; use `env: NAME`",
                at: node.mark(of: "value"))
        }
        return nil
    }
}
