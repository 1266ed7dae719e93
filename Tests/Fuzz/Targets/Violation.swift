/// What an input showed to be wrong.
public struct Violation: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Throws unless `condition` holds.
func require(
    _ condition: Bool, _ rule: @autoclosure () -> String
) throws(Violation) {
    if !condition { throw Violation(rule()) }
}
