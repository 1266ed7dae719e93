/// Everything that is wrong with a configuration, in the order of the file. Never empty.
public struct ConfigurationProblems: Error, CustomStringConvertible {
    public var problems: [Problem]

    public init(_ problems: [Problem]) { self.problems = problems }

    /// One problem per line.
    public var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
