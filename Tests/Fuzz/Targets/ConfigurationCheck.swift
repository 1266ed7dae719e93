import Configuration

/// Configuration files.
enum ConfigurationCheck {
    private static let path = "/nowhere/main.yaml"

    static func run(_ input: Span<UInt8>) throws(Violation) {
        let places = Places(input)
        guard let text = String(validating: input.array, as: UTF8.self) else { return }
        for problem in try problems(of: text) where problem.file == path {
            try places.admit(problem.line, problem.column, problem.message)
        }
    }

    private static func problems(of text: String) throws(Violation) -> [Problem] {
        do throws(ConfigurationProblems) {
            _ = try Configuration.read(
                text, path: path, checkFiles: false, environment: { _ in nil })
            return []
        } catch {
            try require(!error.problems.isEmpty, "refused without a word")
            return error.problems
        }
    }
}
