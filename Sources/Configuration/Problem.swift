/// One thing that is wrong with a configuration, and where.
public struct Problem: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var file: String
    /// 1-based; 0 where no place in the file is to blame.
    public var line: Int
    public var column: Int
    public var message: String

    public init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    public static func < (a: Problem, b: Problem) -> Bool {
        (a.file, a.line, a.column, a.message) < (b.file, b.line, b.column, b.message)
    }

    public var description: String {
        line == 0 ? "\(file): \(message)" : "\(file):\(line):\(column): \(message)"
    }
}
