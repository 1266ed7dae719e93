import Kernel
import YAML

/// Where an operator's secret comes from: exactly one of the three.
struct CredentialSource: Section, Equatable {
    var env: String?
    var file: String?
    var value: String?

    static let title = "credential"
    static let purpose = "Where a secret of the operator's comes from: exactly one of these."
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
        checkCount(node, &reader)
    }

    func checkCount(_ node: YAMLNode, _ reader: inout ConfigurationReader) {
        // A bad value was reported already; what counts here is what was written.
        if Self.settings.count(where: { node[$0.name] != nil }) != 1 {
            reader.report("expected exactly one of env, file, value", at: node.mark)
        }
    }

    /// What may stand in a header field; nil after reporting why there is none.
    func fieldValue(_ node: YAMLNode, _ reader: inout ConfigurationReader) -> Secret? {
        guard let secret = secret(node, &reader) else { return nil }
        guard Names.isFieldValue(secret) else {
            reader.report("the secret holds bytes a header field cannot carry", at: node.mark)
            return nil
        }
        return Secret(Array(secret.utf8))
    }

    /// The secret itself; nil after reporting why there is none.
    private func secret(_ node: YAMLNode, _ reader: inout ConfigurationReader) -> String? {
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
