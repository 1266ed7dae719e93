/// The reference page `docs/configuration.md`, made from the tables the reader itself uses.
public enum ConfigurationPage {
    /// Markdown, ending in a newline.
    public static var text: String {
        var page = preface
        var written: Set<String> = []
        append(Configuration.self, to: &page, &written)
        append(KeyFile.self, to: &page, &written)
        return page
    }

    private static let preface = """
        # Configuration

        *Made from the tables in `Sources/Configuration`; a test keeps both in step.*

        One YAML file (UTF-8, one document, no tags; anchors and aliases may be used). What is \
        not set has its default. Unknown settings, values out of bounds and contradictions are \
        refused at start and at a reload, all of them at once, each with file, line and column. \
        Units stand in the names. Relative paths start from the folder of the configuration \
        file. Variables are not replaced in the file: where a value may come from the \
        environment, a setting takes the variable's name.

        SIGHUP reads everything anew and puts it in force, whole or not at all ([what that \
        means](deploy.md#reload)). `workers`, `pinWorkers`, `spinMicroseconds`, the names and \
        addresses of `listeners`, `accessLog`, `metrics`, `limits.meters`, `stateFile`, \
        `stateSeconds` and where `tokenIssuers` get their keys take a restart: a file in which one \
        of them changed is refused.

        """

    private static func append<S: Section>(
        _ section: S.Type, to page: inout String, _ written: inout Set<String>
    ) {
        guard written.insert(S.title).inserted else { return }
        page += "\n## \(S.title)\n\n\(S.purpose)\n\n"
        page += "| Setting | Value | Default | Why |\n|---|---|---|---|\n"
        for setting in S.settings { page += row(setting, of: section) }
        for setting in S.settings {
            if let nested = setting.section { append(nested, to: &page, &written) }
        }
    }

    private static func row<S: Section>(_ setting: Setting<S>, of section: S.Type) -> String {
        let value = setting.section.map { "\(setting.type): [\($0.title)](#\(anchor($0.title)))" }
        let cells = [
            "`\(setting.name)`", value ?? setting.type, standard(setting, of: section),
            setting.why,
        ]
        return "| " + cells.map(escaped).joined(separator: " | ") + " |\n"
    }

    private static func standard<S: Section>(_ setting: Setting<S>, of section: S.Type) -> String {
        if setting.isRequired { return "required" }
        let all = S.variants.map { (name: $0.name, text: setting.standard($0.defaults)) }
        let quoted = { (text: String) in text.isEmpty ? "—" : "`\(text)`" }
        if all.allSatisfy({ $0.text == all.first?.text }) { return quoted(all.first?.text ?? "") }
        var lines: [(names: String, text: String)] = []
        for variant in all {
            if let same = lines.firstIndex(where: { $0.text == variant.text }) {
                lines[same].names += ", \(variant.name)"
            } else {
                lines.append((variant.name, variant.text))
            }
        }
        return lines.map { "\($0.names): \(quoted($0.text))" }.joined(separator: "<br>")
    }

    private static func escaped(_ cell: String) -> String {
        cell.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }

    /// As GitHub names a heading.
    private static func anchor(_ title: String) -> String {
        String(
            title.lowercased().compactMap { character in
                character == " " ? "-" : character.isLetter || character.isNumber ? character : nil
            })
    }
}
